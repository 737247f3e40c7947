import { pino } from 'pino';
import { fileURLToPath } from 'node:url';
import { startService } from '../packages/server/src/app.ts';
import { systemClock } from '../packages/server/src/clock.ts';
import { loadConfig } from '../packages/server/src/config.ts';
import { applicationConnection } from '../packages/server/src/db/application-role.ts';
import { resolveDataFolder } from '../packages/server/src/db/data-folder.ts';
import { startEmbeddedPostgres } from '../packages/server/src/db/embedded.ts';
import { migrate } from '../packages/server/src/db/migrate.ts';
import { newId } from '../packages/server/src/ids.ts';
import { createApiKey } from '../packages/server/src/organizations/api-keys.ts';
import { createOrganization } from '../packages/server/src/organizations/organizations.ts';
import { setOverrides } from '../packages/server/src/subscriptions/overrides.ts';
import type { Target } from './path.ts';

/** Mutate as it is shipped: durable database, every check, every row. */
const [, , explicit] = process.argv;
if (explicit === undefined) throw new Error('usage: path-mutate.ts DATA_FOLDER');
const { path: dataFolder } = resolveDataFolder({ explicit, cloneRoot: '/' });
const log = pino({ level: 'warn' }, pino.destination(2));
const sqlFolder = (name: string) =>
  fileURLToPath(new URL(`../packages/server/db/${name}`, import.meta.url));
const postgres = await startEmbeddedPostgres({ dataDir: dataFolder, log });
const { hasApplicationRole } = await migrate({
  connection: postgres.connection,
  migrationsDir: sqlFolder('migrations'),
  functionsDir: sqlFolder('functions'),
  log,
});
const service = await startService({
  config: loadConfig({ PORT: '0' }),
  adminKey: 'mk_admin_bench_only_00000000',
  authSecret: 'a_secret_of_the_benchmark_and_no_other',
  connection: applicationConnection(postgres.connection, hasApplicationRole),
  dataFolder,
  hiddenFolders: [],
  billing: null,
  clock: systemClock,
  log,
});
const platform = {
  db: service.conversions.db,
  clock: systemClock,
  log,
  actor: { kind: 'super_admin', id: 'bench' } as const,
  requestId: newId('req', Date.now()),
};
const workspace = await createOrganization(platform, { name: 'Bench', planId: 'plan_enterprise' });
const ctx = { ...platform, organization: { id: workspace.id } };
// So high that it refuses nothing, and is counted like any other.
await setOverrides(ctx, { reason: 'benchmark', rate_limit_per_minute: 100_000_000 });
const { key } = await createApiKey(ctx, { name: 'Bench' });
process.send?.({
  port: Number(new URL(service.publicUrl).port),
  path: `/v1/workspaces/${workspace.id}/conversions?response=file`,
  authorization: `Bearer ${key}`,
} satisfies Target);
process.once('SIGTERM', () => {
  void service
    .close()
    .then(() => postgres.stop())
    .then(() => process.exit());
});
