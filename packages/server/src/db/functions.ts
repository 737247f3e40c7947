import type pg from 'pg';
import { OperatorError } from './operator-error.ts';
import { sqlFileError, sqlStateOf } from './sql-file.ts';
import type { SqlFile } from './sql-file.ts';

interface KnownFile {
  name: string;
  checksum: string;
  /** `regprocedure` text, search path `public`. */
  signatures: string[];
  /** A migration dropped one of them, so the file has to run again. */
  incomplete: boolean;
}

const undefinedFunction = '42883';
/** Another return type, parameter name or default; a function that became a procedure. */
const cannotReplace: readonly (string | undefined)[] = ['42P13', '42809'];

/**
 * Brings the SQL functions of schema `public` in line with the files: runs those that changed,
 * drops what they no longer define and what removed files defined. Must run inside a transaction
 * with search path `public`. Files may call each other: one that misses a function waits for it.
 * Throws an OperatorError that names the file and the line.
 */
export async function applyFunctions(
  client: pg.ClientBase,
  files: readonly SqlFile[],
): Promise<{ applied: string[]; dropped: string[] }> {
  const known = await listKnownFiles(client);
  const stale = files.filter((file) => {
    const before = known.get(file.name);
    return before === undefined || before.checksum !== file.checksum || before.incomplete;
  });
  const fresh = await runUntilSettled(client, stale, known);
  const dropped = await dropOrphans(client, files, known, fresh);
  await recordFiles(client, files, stale, fresh);
  return { applied: stale.map((file) => file.name), dropped };
}

async function listKnownFiles(client: pg.ClientBase): Promise<Map<string, KnownFile>> {
  const { rows } = await client.query<KnownFile>(
    `SELECT name, checksum, signatures, EXISTS (
       SELECT FROM unnest(signatures) AS signature WHERE to_regprocedure(signature) IS NULL
     ) AS incomplete
     FROM mutate_functions`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** Runs the files in name order, again and again while some still gain a function they lacked. */
async function runUntilSettled(
  client: pg.ClientBase,
  files: readonly SqlFile[],
  known: ReadonlyMap<string, KnownFile>,
): Promise<Map<string, string[]>> {
  const fresh = new Map<string, string[]>();
  let waiting = files;
  while (waiting.length > 0) {
    const failed: { file: SqlFile; error: unknown }[] = [];
    for (const file of waiting) {
      try {
        fresh.set(file.name, await runFile(client, file, known.get(file.name)?.signatures ?? []));
      } catch (error) {
        if (sqlStateOf(error) !== undefinedFunction) throw sqlFileErrorOnce(file, error);
        failed.push({ file, error });
      }
    }
    const [first] = failed;
    if (first !== undefined && failed.length === waiting.length) {
      throw sqlFileError(first.file, first.error);
    }
    waiting = failed.map(({ file }) => file);
  }
  return fresh;
}

function sqlFileErrorOnce(file: SqlFile, error: unknown): OperatorError {
  return error instanceof OperatorError ? error : sqlFileError(file, error);
}

/** Runs one file under a savepoint and answers the signatures it defined. */
async function runFile(
  client: pg.ClientBase,
  file: SqlFile,
  before: readonly string[],
): Promise<string[]> {
  const versions = await listVersions(client);
  await client.query('SAVEPOINT function_file');
  try {
    await client.query(file.text).catch(async (error: unknown) => {
      if (before.length === 0 || !cannotReplace.includes(sqlStateOf(error))) throw error;
      await client.query('ROLLBACK TO SAVEPOINT function_file');
      await dropRoutines(client, before);
      await client.query(file.text);
    });
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT function_file');
    throw error;
  }
  await client.query('RELEASE SAVEPOINT function_file');
  const after = await listVersions(client);
  const defined = [...after].filter(([signature, xmin]) => versions.get(signature) !== xmin);
  if (defined.length === 0) {
    throw new OperatorError(`${file.name} defines no function in schema public.`);
  }
  return defined.map(([signature]) => signature);
}

/** Every routine of the schema with the transaction that wrote it: a replaced one changes it. */
async function listVersions(client: pg.ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query<{ signature: string; version: string }>(
    `SELECT oid::regprocedure::text AS signature, xmin::text AS version
     FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
  );
  return new Map(rows.map((row) => [row.signature, row.version]));
}

async function dropOrphans(
  client: pg.ClientBase,
  files: readonly SqlFile[],
  known: ReadonlyMap<string, KnownFile>,
  fresh: ReadonlyMap<string, string[]>,
): Promise<string[]> {
  const owners = new Map<string, string>();
  for (const { name } of files) {
    for (const signature of fresh.get(name) ?? known.get(name)?.signatures ?? []) {
      const other = owners.get(signature);
      if (other !== undefined) {
        throw new OperatorError(`${other} and ${name} both define ${signature}.`);
      }
      owners.set(signature, name);
    }
  }
  const defined = [...known.values()].flatMap((file) => file.signatures);
  return dropRoutines(
    client,
    defined.filter((signature) => !owners.has(signature)),
  );
}

/** One statement, so that routines which depend on each other go together. */
async function dropRoutines(
  client: pg.ClientBase,
  signatures: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ signature: string }>(
    `SELECT DISTINCT to_regprocedure(signature)::text AS signature
     FROM unnest($1::text[]) AS signature WHERE to_regprocedure(signature) IS NOT NULL`,
    [signatures],
  );
  const existing = rows.map((row) => row.signature);
  if (existing.length > 0) await client.query(`DROP ROUTINE ${existing.join(', ')}`);
  return existing;
}

async function recordFiles(
  client: pg.ClientBase,
  files: readonly SqlFile[],
  stale: readonly SqlFile[],
  fresh: ReadonlyMap<string, string[]>,
): Promise<void> {
  const names = files.map((file) => file.name);
  await client.query('DELETE FROM mutate_functions WHERE name <> ALL($1::text[])', [names]);
  for (const file of stale) {
    await client.query(
      `INSERT INTO mutate_functions (name, checksum, signatures) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum,
         signatures = excluded.signatures, applied_at = now()`,
      [file.name, file.checksum, fresh.get(file.name)],
    );
  }
}
