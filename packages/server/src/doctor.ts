import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { loadConfig, type Config } from './config.ts';
import { connectionFromUrl } from './db/connection.ts';
import { resolveDataFolder } from './db/data-folder.ts';
import { findEmbeddedConnection } from './db/embedded.ts';
import { OperatorError } from './db/operator-error.ts';
import { Pool } from './db/pool.ts';
import { createLog } from './http/log.ts';
import { newId } from './ids.ts';
import { describeDiagnosis } from './metering/describe-diagnosis.ts';
import { diagnose, type Diagnosis } from './metering/doctor.ts';
import { type Check, findViolations } from './metering/invariants.ts';
import { readPlatformClock } from './platform-clock.ts';

/**
 * `npm run doctor [-- --fix] [--json]`: checks the books of the live database, explains what does not
 * add up, and with --fix mends what is safe. Exit code 0: all is well (again); 1: it is not; 2: the
 * command line or the database cannot be used.
 */

/** Every feature that keeps books has its check here. */
const checks: readonly Check[] = [findViolations];

const usage = `Usage: npm run doctor -- [--fix] [--json]

  --fix   recompute counters and rollups from the usage events, and free what no job holds
  --json  one JSON object instead of text
`;

function readFlags(): { fix: boolean; json: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        fix: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new OperatorError(
      `${error instanceof Error ? error.message : String(error)}\n\n${usage}`,
    );
  }
}

function findConnection(config: Config) {
  if (config.databaseUrl !== undefined) return connectionFromUrl(config.databaseUrl);
  const { path } = resolveDataFolder({ explicit: config.dataDir, cloneRoot: config.rootPath });
  const connection = findEmbeddedConnection(path);
  if (connection !== undefined) return connection;
  throw new OperatorError(
    `There is no database in ${path} yet. Start Mutate once with npm start, or set ` +
      'MUTATE_DATA_DIR or DATABASE_URL to what the service uses.',
  );
}

async function examineDatabase(fix: boolean): Promise<Diagnosis> {
  const config = loadConfig();
  const db = new Pool({
    connection: findConnection(config),
    connectionsMax: 2,
    applicationName: 'mutate doctor',
  });
  try {
    const clock = await readPlatformClock(db).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperatorError(
        `The database does not answer (${reason}). The doctor looks at a running service: start ` +
          'it with npm start first, or check DATABASE_URL.',
        error,
      );
    });
    const requestId = newId('req', Date.now());
    const actor = { kind: 'system', id: 'doctor' } as const;
    const log = createLog(config.logLevel, pino.destination({ dest: 2, sync: true }));
    return await diagnose({ db, clock, log, actor, requestId }, { checks, fix });
  } finally {
    await db.close();
  }
}

async function main(): Promise<void> {
  try {
    const { fix, json, help } = readFlags();
    if (help) {
      process.stdout.write(usage);
      return;
    }
    const diagnosis = await examineDatabase(fix);
    process.stdout.write(
      json ? `${JSON.stringify(diagnosis, null, 2)}\n` : describeDiagnosis(diagnosis),
    );
    process.exitCode = diagnosis.healthy ? 0 : 1;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

await main();
