import type { ApiKey, Mutate } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { formatTable } from '../format.ts';
import { show } from '../show.ts';

/** `mutate keys`: the workspace's API keys. */
export const keysCommand: Command = {
  name: 'keys',
  summary: "the workspace's API keys",
  help: `mutate keys [--json]
mutate keys create NAME [--scopes A,B] [--expires TIME] [--monthly-limit N] [--allowed-ips A,B]
mutate keys rotate KEY [--expires-in SECONDS]
mutate keys revoke KEY

Lists the keys, newest first. It needs a key with the scope keys:write, which hands on at most what it may
do itself; the operator's key may do all of it. A new secret is shown this once.

  --scopes A,B          what the key may do; without it everything but making keys
  --expires TIME        until when, such as 2027-01-31T00:00:00Z
  --monthly-limit N     conversions a usage period
  --allowed-ips A,B     addresses and ranges it may be used from
  --expires-in SECONDS  how long the secret before is good; a day unless said otherwise
  --json                the server's answer as JSON

${connectionHelp}`,
  options: {
    ...connectionOptions,
    scopes: { type: 'string' },
    expires: { type: 'string' },
    'monthly-limit': { type: 'string' },
    'allowed-ips': { type: 'string' },
    'expires-in': { type: 'string' },
  },
  run,
};

const flagsOfNew = ['scopes', 'expires', 'monthly-limit', 'allowed-ips'];

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [verb = 'list', subject, ...others] = positionals;
  const wanted = {
    list: null,
    create: 'a name',
    rotate: 'the id of a key',
    revoke: 'the id of a key',
  };
  const isVerb = (name: string): name is keyof typeof wanted => Object.hasOwn(wanted, name);
  if (!isVerb(verb)) throw new UsageError(`There is no "mutate keys ${verb}".`);
  if (others.length > 0 || (wanted[verb] === null) !== (subject === undefined)) {
    throw new UsageError(`mutate keys ${verb} takes ${wanted[verb] ?? 'no argument'}.`);
  }
  const stray = [
    ...(verb === 'create' ? [] : flagsOfNew),
    ...(verb === 'rotate' ? [] : ['expires-in']),
  ].find((name) => flags[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`"mutate keys ${verb}" has no --${stray}.`);
  const client = connect(flags, io.env);
  switch (verb) {
    case 'list':
      return list(client, invocation);
    case 'create':
      return show(invocation, await create(client, invocation, subject ?? ''), describeNew);
    case 'rotate': {
      const expiresInSeconds = numberFlag(invocation, 'expires-in');
      const options = expiresInSeconds === undefined ? {} : { expiresInSeconds };
      return show(invocation, await client.apiKeys.rotate(subject ?? '', options), describeNew);
    }
    case 'revoke':
      await client.apiKeys.delete(subject ?? '');
      return show(
        invocation,
        { id: subject, object: 'api_key', deleted: true },
        () => `${printable(subject ?? '')} is revoked.\n`,
      );
  }
}

function create(client: Mutate, invocation: Invocation, name: string): Promise<NewKey> {
  const { flags } = invocation;
  return client.apiKeys.create({
    name,
    scopes: listFlag(invocation, 'scopes'),
    expiresAt: textFlag(flags, 'expires'),
    monthlyLimit: numberFlag(invocation, 'monthly-limit'),
    allowedIps: listFlag(invocation, 'allowed-ips'),
  });
}

function listFlag({ flags }: Invocation, name: string): string[] | undefined {
  return textFlag(flags, name)
    ?.split(',')
    .map((item) => item.trim());
}

function numberFlag({ flags }: Invocation, name: string): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} takes a whole number.`);
  return Number(text);
}

async function list(client: Mutate, invocation: Invocation): Promise<number> {
  const keys: ApiKey[] = [];
  for await (const key of client.apiKeys.list()) keys.push(key);
  return show(invocation, keys, (all) =>
    all.length === 0 ? 'There are no API keys.\n' : formatTable(all.map(rowOf)),
  );
}

function rowOf(key: ApiKey): string[] {
  const { expires_at: expiresAt, last_used_at: usedAt, monthly_limit: limit } = key;
  const cells = [
    key.id,
    `…${key.hint}`,
    key.name,
    expiresAt === null ? '' : `until ${expiresAt.slice(0, 16)}Z`,
    usedAt === null ? 'never used' : `used ${usedAt.slice(0, 16)}Z`,
    limit === null ? '' : `${limit} a period`,
    key.scopes.join(','),
  ];
  return cells.map(printable);
}

/** Without `key` where the reply that had it was lost, and came again. */
type NewKey = ApiKey & { key?: string };

function describeNew(made: NewKey): string {
  const { id, name, key, previous } = made;
  const rows = [
    ['Id', id],
    ['Name', name],
    ['Scopes', made.scopes.join(', ')],
    ['Key', key ?? `lost on the way: mutate keys rotate ${id}`],
  ];
  if (previous !== null) rows.push(['Before', `…${previous.hint} until ${previous.expires_at}`]);
  const table = formatTable(rows.map((row) => row.map(printable)));
  return key === undefined ? table : `${table}\nThe key is not shown again.\n`;
}
