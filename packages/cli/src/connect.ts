import { Mutate } from '@mutate/sdk';

import { textFlag, UsageError, type Flags, type Io, type Options } from './command.ts';

const urlDefault = 'http://127.0.0.1:3000';

/** Flags of every command that talks to the server. */
export const connectionOptions = {
  'api-key': { type: 'string' },
  url: { type: 'string' },
  workspace: { type: 'string' },
  json: { type: 'boolean' },
} as const satisfies Options;

export const connectionHelp = `Connection:
  --url URL          server (MUTATE_URL; default ${urlDefault})
  --api-key KEY      API key (MUTATE_API_KEY, which other users of this machine cannot see)
  --workspace ID     workspace (MUTATE_WORKSPACE; default the key's own)`;

/** A client for the server that flags and environment name. @throws UsageError */
export function connect(flags: Flags, env: Io['env']): Mutate {
  const apiKey = textFlag(flags, 'api-key') ?? env['MUTATE_API_KEY'];
  if (apiKey === undefined || apiKey === '') {
    throw new UsageError(
      'No API key. Set MUTATE_API_KEY or give --api-key; "npm start" prints one at first start.',
    );
  }
  try {
    return new Mutate({
      apiKey: apiKey.trim(),
      baseUrl: textFlag(flags, 'url') ?? (env['MUTATE_URL'] || urlDefault),
      workspaceId: textFlag(flags, 'workspace') ?? (env['MUTATE_WORKSPACE'] || undefined),
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = error.message
      .replace('baseUrl', '--url or MUTATE_URL')
      .replace('apiKey', '--api-key or MUTATE_API_KEY');
    throw new UsageError(message);
  }
}
