import { chmod, chown, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { copyTree } from './copy-tree.ts';
import { OperatorError } from './operator-error.ts';

/**
 * What a running server keeps for itself, or makes anew: PostgreSQL's documentation, "Making a Base
 * Backup Using the Low Level API".
 */
const emptyFolders = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);
const leftOut =
  /^(?:postmaster\.(?:pid|opts)|.*pg_internal\.init(?:\.\d+)?|(?:.*\/)?pgsql_tmp[^/]*)$/;

function isPartOfBackup(relative: string): boolean {
  return !emptyFolders.has(path.dirname(relative)) && !leftOut.test(relative);
}

interface Stopped {
  readonly label: string;
  readonly first: string;
  readonly last: string;
}

/**
 * Copies the data directory of a running server, so that one that is started on the copy has what was
 * committed when this ends. A slot keeps the write-ahead log that the copy needs; it goes with the
 * connection, so nothing is left behind by a process that is killed.
 *
 * @param connection the owner's
 * @param to a folder that is not there yet; its parent is
 */
export async function backUpCluster(
  connection: pg.ClientConfig,
  cluster: string,
  to: string,
): Promise<void> {
  const client = new pg.Client({ ...connection, application_name: 'mutate backup' });
  await client.connect().catch((error: unknown) => {
    throw new OperatorError(
      'The database does not answer. Of a running service this makes a backup: start it first, or, ' +
        'while it stands still, copy its data folder.',
      error,
    );
  });
  try {
    const slot = `mutate_backup_${process.pid}`;
    await client.query('SELECT pg_create_physical_replication_slot($1, true, true)', [slot]);
    await client.query("SELECT pg_backup_start('mutate backup', fast => true)");
    await copyTree(cluster, to, isPartOfBackup);
    const stopped = await stopBackup(client);
    await writeLabel(path.join(to, 'backup_label'), stopped.label, cluster);
    await copyTree(cluster, to, (relative) => isLogOf(stopped, relative));
  } finally {
    await client.end();
  }
}

async function stopBackup(client: pg.Client): Promise<Stopped> {
  const { rows } = await client.query<{ label: string; last: string }>(
    `SELECT labelfile AS label, pg_walfile_name(lsn) AS last
      FROM pg_backup_stop(wait_for_archive => false)`,
  );
  const [row] = rows;
  const first = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/m.exec(row?.label ?? '')?.[1];
  if (row === undefined || first === undefined) throw new Error('PostgreSQL named no log to copy');
  return { ...row, first };
}

function isLogOf({ first, last }: Stopped, relative: string): boolean {
  if (relative === 'pg_wal') return true;
  const name = path.basename(relative);
  return path.dirname(relative) === 'pg_wal' && name >= first && name <= last;
}

async function writeLabel(target: string, label: string, cluster: string): Promise<void> {
  await writeFile(target, label);
  const { uid, gid } = await stat(cluster);
  if (process.getuid?.() === 0) await chown(target, uid, gid);
  await chmod(target, 0o600);
}
