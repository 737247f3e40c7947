import type pg from 'pg';
import { attachOverage } from '../../billing/overage/attach-overage.ts';
import { openBilling } from '../../billing/open-billing.ts';
import { syncOrganization } from '../../billing/sync/sync.ts';
import { ManualClock } from '../../clock.ts';
import { type Database, Pool, type Queryable } from '../../db/pool.ts';
import { silent } from './recover.ts';

/** What a process that brings a renewal about is told, as JSON in its one argument. */
export interface RenewalOrder {
  readonly connection: pg.ClientConfig;
  readonly simulatorUrl: string;
  readonly now: string;
  readonly organizationId: string;
  readonly invoiceId: string;
  /** Puts the overage onto the draft first; else it only looks at what the provider has. */
  readonly attaches: boolean;
  /** It kills itself with -9 at this point, counted from 1; 0: it lives. */
  readonly killAt: number;
}

const order = JSON.parse(process.argv[2] ?? '') as RenewalOrder;
let points = 0;

/** Before and after each statement, and each commit: all that lies between two of these is one step. */
function point(): void {
  points += 1;
  if (points === order.killAt) process.kill(process.pid, 'SIGKILL');
}

function counted(inner: Queryable): Queryable {
  return {
    query: async (statement) => {
      point();
      const rows = await inner.query<object>(statement);
      point();
      return rows as never[];
    },
  };
}

const pool = new Pool({ connection: order.connection, connectionsMax: 4 });
const db: Database = {
  ...counted(pool),
  transaction: async (work) => {
    const result = await pool.transaction(async (tx) => {
      const done = await work(counted(tx));
      point();
      return done;
    });
    point();
    return result;
  },
};
const { deps } = openBilling({
  settings: {
    mode: 'simulator',
    secretKey: 'sk_test_simulated',
    apiBase: order.simulatorUrl,
    webhookSecrets: [],
    graceDays: 7,
    timeControl: null,
  },
  db,
  clock: new ManualClock(order.now),
  log: silent,
  publicUrl: () => 'https://mutate.test',
});
if (order.attaches) {
  const invoice = await deps.stripe.invoices.retrieve(order.invoiceId);
  await attachOverage(deps, order.organizationId, invoice);
}
await syncOrganization(deps, order.organizationId);
process.stdout.write(`${points}\n`);
await pool.close();
