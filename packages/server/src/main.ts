import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { startService, type Service } from './app.ts';
import { startChore } from './chore.ts';
import { readPlatformClock } from './platform-clock.ts';
import { loadConfig, type Config } from './config.ts';
import { applicationConnection } from './db/application-role.ts';
import { connectionFromUrl } from './db/connection.ts';
import { resolveDataFolder } from './db/data-folder.ts';
import { startEmbeddedPostgres } from './db/embedded.ts';
import { migrate } from './db/migrate.ts';
import { OperatorError } from './db/operator-error.ts';
import { Pool } from './db/pool.ts';
import { createLog } from './http/log.ts';
import { prepareDemo } from './welcome/first-start.ts';
import { describeStep, printWelcome } from './welcome/screen.ts';
import { readOrMakeAdminKey, readOrMakeAuthSecret } from './welcome/secret-file.ts';
import { startBilling } from './start-billing.ts';
import { makePartitions } from './metering/partitions.ts';

const sqlFolder = (name: string) => fileURLToPath(new URL(`../db/${name}`, import.meta.url));

/** Brings everything up, in order; what was brought up is on the stack and goes down in reverse. */
async function start(config: Config, stack: AsyncDisposableStack): Promise<Service> {
  const dataFolder = resolveDataFolder({ explicit: config.dataDir, cloneRoot: config.rootPath });
  const { log, logPath } = openLog(config, dataFolder.path);
  const owner = await describeStep('PostgreSQL', async () => {
    if (config.databaseUrl !== undefined) return connectionFromUrl(config.databaseUrl);
    const postgres = await startEmbeddedPostgres({
      dataDir: dataFolder.path,
      log,
      onExit: (exit) => {
        log.fatal({ exit }, 'PostgreSQL does not stay up; this process ends');
        process.exitCode = 1;
        process.kill(process.pid, 'SIGTERM');
      },
    });
    stack.defer(() => postgres.stop());
    return postgres.connection;
  });
  const { hasApplicationRole } = await describeStep('database schema', () =>
    migrate({
      connection: owner,
      migrationsDir: sqlFolder('migrations'),
      functionsDir: sqlFolder('functions'),
      log,
    }),
  );
  const ownerPool = new Pool({ connection: owner, connectionsMax: 1 });
  stack.defer(() => ownerPool.close());
  const clock = await readPlatformClock(ownerPool);
  await makePartitions(ownerPool, clock);
  const partitions = startChore('partitions', 6 * 3_600_000, log, () =>
    makePartitions(ownerPool, clock),
  );
  stack.defer(() => partitions.stop());
  const adminKey = config.adminKey ?? (await readOrMakeAdminKey(dataFolder.path));
  const authSecret = config.authSecret ?? (await readOrMakeAuthSecret(dataFolder.path));
  const following = startChore('follow the clock', 1_000, log, () => clock.read(ownerPool));
  stack.defer(() => following.stop());
  // Before anybody is served: who is ready does not end because the database goes away for a second.
  const platform = { db: ownerPool, clock, log };
  const demo = config.role === 'worker' ? null : await prepareDemo(platform, dataFolder.path);
  const provider = await startBilling({ config, owner, ...platform }, stack);
  const service = await describeStep('conversion engines and the server', () =>
    startService({
      config,
      adminKey,
      authSecret,
      connection: applicationConnection(owner, hasApplicationRole),
      dataFolder: dataFolder.path,
      hiddenFolders: [dataFolder.path, ...(owner.host?.startsWith('/') ? [owner.host] : [])],
      clock,
      log,
      billing: provider.settings,
    }),
  );
  stack.defer(() => service.close());
  await provider.connect(service);
  if (config.role !== 'worker') {
    printWelcome({
      service,
      config,
      billing: provider.description,
      demo,
      dataFolder,
      logPath,
      samplePath,
    });
  }
  return service;
}

const samplePath = join('examples', 'sales.xlsx');

/** On a terminal the log would run through the screen: there it goes into the data folder. */
function openLog(config: Config, dataFolder: string) {
  const logPath = process.stderr.isTTY ? join(dataFolder, 'mutate.log') : null;
  const destination = pino.destination({
    dest: logPath ?? 2,
    mkdir: true,
    sync: true,
    mode: 0o600,
  });
  return { log: createLog(config.logLevel, destination), logPath };
}

async function main(): Promise<void> {
  // Whoever read the screen may be gone long before this process ends.
  process.stdout.on('error', () => undefined);
  const stack = new AsyncDisposableStack();
  // On a terminal Ctrl-C comes twice, from it and from npm: a repeat changes nothing.
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  try {
    await start(loadConfig(), stack);
    await asked;
    process.stdout.write('\nStopping: finishing what is under way …\n');
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  } finally {
    await stack.disposeAsync();
  }
}

await main();
