import type { Mutate, Workspace } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatCount, formatTable } from '../format.ts';
import { saveOutput } from '../output-file.ts';
import { resolveTarget } from '../output-target.ts';
import { show } from '../show.ts';

const verbs = ['show', 'set', 'export', 'purge', 'delete'] as const;
type Verb = (typeof verbs)[number];

/** Which flags belong to which verb. */
const flagsOf: Readonly<Record<Verb, readonly string[]>> = {
  show: [],
  set: ['name', 'time-zone', 'retention-hours'],
  export: ['zip', 'output', 'force'],
  purge: [],
  delete: ['confirm'],
};

/** `mutate workspace`: its settings, and the rights over the data that it has on the server. */
export const workspaceCommand: Command = {
  name: 'workspace',
  summary: 'its settings; its data exported, purged, deleted',
  help: `mutate workspace [--json]
mutate workspace set [--name NAME] [--time-zone ZONE] [--retention-hours HOURS]
mutate workspace export [--zip] [-o FILE]
mutate workspace purge
mutate workspace delete --confirm NAME

"export" writes everything that is kept about the workspace, one JSON object a line, to stdout or FILE;
the key needs every scope that reads, keys:write and webhooks:write. "purge" deletes the files of all conversions that have
ended, now. "delete" ends the subscription and deletes the workspace for good: no API key of it may, only
an owner in the dashboard, or here the operator's key with --workspace.

  --retention-hours HOURS  how long files are kept
  --zip                    a ZIP, with the files that are still kept
  -o, --output FILE        a file or folder; - for stdout
  --force                  replace a file in that folder
  --confirm NAME           the workspace's name
  --json                   the server's answer as JSON

${connectionHelp}`,
  options: {
    ...connectionOptions,
    name: { type: 'string' },
    'time-zone': { type: 'string' },
    'retention-hours': { type: 'string' },
    zip: { type: 'boolean' },
    output: { type: 'string', short: 'o' },
    force: { type: 'boolean' },
    confirm: { type: 'string' },
  },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [asked = 'show', ...others] = positionals;
  const verb = verbs.find((one) => one === asked);
  if (verb === undefined) throw new UsageError(`There is no "mutate workspace ${asked}".`);
  if (others.length > 0) throw new UsageError(`mutate workspace ${verb} takes flags only.`);
  const stray = Object.values(flagsOf)
    .flat()
    .find((name) => flags[name] !== undefined && !flagsOf[verb].includes(name));
  if (stray !== undefined) throw new UsageError(`"mutate workspace ${verb}" has no --${stray}.`);
  const client = connect(flags, io.env);
  switch (verb) {
    case 'show':
      return show(
        invocation,
        await client.workspaces.get(undefined, { signal: io.signal }),
        describe,
      );
    case 'set':
      return show(invocation, await set(client, invocation), describe);
    case 'export':
      return exportTo(client, invocation);
    case 'purge': {
      const purged = await client.workspaces.purge();
      return show(invocation, { object: 'purge', purged }, describePurge);
    }
    case 'delete':
      return remove(client, invocation);
  }
}

function set(client: Mutate, { flags }: Invocation): Promise<Workspace> {
  const hours = textFlag(flags, 'retention-hours');
  if (hours !== undefined && !/^\d{1,6}$/.test(hours)) {
    throw new UsageError('--retention-hours takes a whole number of hours.');
  }
  const changes = {
    name: textFlag(flags, 'name'),
    timeZone: textFlag(flags, 'time-zone'),
    retentionHours: hours === undefined ? undefined : Number(hours),
  };
  if (Object.values(changes).every((change) => change === undefined)) {
    throw new UsageError('Give --name, --time-zone or --retention-hours.');
  }
  return client.workspaces.update(undefined, changes);
}

async function exportTo(client: Mutate, { io, flags }: Invocation): Promise<number> {
  const format = flags['zip'] === true ? 'zip' : 'ndjson';
  const target = await resolveTarget({
    input: './workspace',
    output: textFlag(flags, 'output') ?? '-',
    to: format,
    force: flags['force'] === true,
  });
  const open = () => client.workspaces.export(undefined, { format, signal: io.signal });
  await saveOutput({ io, target, expected: null, open });
  return exitCodes.ok;
}

async function remove(client: Mutate, invocation: Invocation): Promise<number> {
  const name = textFlag(invocation.flags, 'confirm');
  if (name === undefined) {
    throw new UsageError('To delete the workspace for good, give its name with --confirm.');
  }
  await client.workspaces.delete(undefined, { name });
  return show(
    invocation,
    { object: 'workspace', deleted: true },
    () => 'The workspace is deleted.\n',
  );
}

function describe(workspace: Workspace): string {
  const { retention_hours: hours } = workspace;
  const rows = [
    ['Workspace', workspace.id],
    ['Name', workspace.name],
    ['Plan', workspace.plan_id],
    ['State', workspace.suspended ? 'suspended' : 'active'],
    ['Files are kept', `${formatCount(hours)} ${hours === 1 ? 'hour' : 'hours'}`],
    ['Time zone', workspace.time_zone],
  ];
  return formatTable(rows.map((row) => row.map(printable)));
}

function describePurge({ purged }: { purged: number }): string {
  const what = purged === 1 ? 'conversion' : 'conversions';
  return `The files of ${formatCount(purged)} ${what} are deleted.\n`;
}
