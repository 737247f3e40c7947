import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { loadConfig } from './config.ts';
import { backUpCluster } from './db/back-up-cluster.ts';
import { copyTree } from './db/copy-tree.ts';
import { resolveDataFolder } from './db/data-folder.ts';
import { findEmbeddedConnection } from './db/embedded.ts';
import { OperatorError } from './db/operator-error.ts';

/**
 * `npm run backup -- FOLDER`: copies the data folder of a running service, the embedded database
 * included. The copy is a data folder. Exit code 0: it is whole; 2: there is none.
 */
const usage = 'Usage: npm run backup -- FOLDER     (which is empty, or not there yet)';

/** Beside the database. Files come last: what they belong to is known by then. */
const others = ['auth-secret', 'admin-key', 'demo-key', 'demo-login', 'files'];

interface Source {
  readonly folder: string;
  readonly connection: pg.ClientConfig;
}

function findSource(): Source {
  const config = loadConfig();
  if (config.databaseUrl !== undefined) {
    throw new OperatorError(
      'DATABASE_URL names a PostgreSQL of your own: back that one up with its programs, and copy ' +
        'the data folder afterwards.',
    );
  }
  const { path: folder } = resolveDataFolder({
    explicit: config.dataDir,
    cloneRoot: config.rootPath,
  });
  const connection = findEmbeddedConnection(folder);
  if (connection !== undefined) return { folder, connection };
  throw new OperatorError(`There is no database in ${folder} yet: nothing to back up.`);
}

function requireTarget(to: string, { folder }: Source): void {
  if (`${to}/`.startsWith(`${folder}/`)) {
    throw new OperatorError(`${to} is in the data folder itself. Name one outside of ${folder}.`);
  }
  if (existsSync(to) && readdirSync(to).length > 0) {
    throw new OperatorError(`${to} is not empty. Name a folder that is, or one that is not there.`);
  }
  if (existsSync(unfinished(to))) {
    throw new OperatorError(`${unfinished(to)} is of a backup that broke off. Delete it first.`);
  }
}

/** Under its name a backup is whole. */
const unfinished = (to: string) => `${to}.unfinished`;

async function backUp(to: string): Promise<void> {
  const source = findSource();
  requireTarget(to, source);
  const into = unfinished(to);
  await mkdir(into, { recursive: true });
  try {
    await copyAll(source, into);
    await rename(into, to);
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw error;
  }
}

async function copyAll({ folder, connection }: Source, into: string): Promise<void> {
  const isPassword = (name: string) => ['postgres', 'postgres/password'].includes(name);
  await copyTree(folder, into, isPassword);
  const cluster = 'postgres/cluster';
  await backUpCluster(connection, path.join(folder, cluster), path.join(into, cluster));
  for (const name of others) await copyTree(path.join(folder, name), path.join(into, name));
}

async function main(): Promise<void> {
  const [folder, ...more] = process.argv.slice(2);
  try {
    if (folder === undefined || folder.startsWith('-') || more.length > 0) {
      throw new OperatorError(usage);
    }
    await backUp(path.resolve(folder));
    process.stdout.write(`Backed up to ${path.resolve(folder)}.\n`);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

await main();
