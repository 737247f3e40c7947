import { spawn } from 'node:child_process';
import path from 'node:path';
import type pg from 'pg';
import { attachOverage } from '../../billing/overage/attach-overage.ts';
import { syncOrganization } from '../../billing/sync/sync.ts';
import type { Pool } from '../../db/pool.ts';
import { openBillingWorld, type OpenWorld } from '../../test/billing-world.ts';
import {
  chargeOverage,
  convert,
  makeChargingPlan,
  overageOn,
  providerInvoices,
} from '../../test/overage.ts';
import { addUp } from './add-up.ts';
import { setEndpoint, silent } from './recover.ts';
import type { RenewalOrder } from './renewal-process.ts';

export interface RenewalKills {
  /** Points of a renewal, and of the look at it when it is paid. */
  readonly points: { readonly draft: number; readonly paid: number };
  readonly kills: number;
}

interface Renewal {
  readonly organizationId: string;
  readonly invoiceId: string;
}

const hourMs = 3_600_000;
const nobody = 'http://127.0.0.1:9/nobody';

/**
 * A process that puts a renewal's overage onto its draft, and one that writes down that it was paid,
 * are killed with -9 before and after every statement and commit; another one then does the same.
 *
 * @param every only every n-th point
 * @throws Error naming every difference
 */
export async function proveRenewalKills(input: {
  readonly db: Pool;
  readonly connection: pg.ClientConfig;
  readonly every: number;
}): Promise<RenewalKills> {
  const { db, connection, every } = input;
  const world = await openBillingWorld(db, { start: '2027-06-01T12:00:00Z', log: silent });
  try {
    const plan = { included: 0, amountMinor: 2_900, price: '0.75' };
    const planId = await makeChargingPlan(world, plan);
    const begin = async (): Promise<string> => {
      const organizationId = await world.organization();
      await world.subscribe(organizationId, { planId });
      await chargeOverage(db, organizationId);
      await convert(world, organizationId, 2, 'CSV_TO_JSON');
      await convert(world, organizationId, 2, 'XLSX_TO_CSV');
      return organizationId;
    };
    // The first one lives through it and tells how many points there are; the most is made for.
    const ids: string[] = [];
    for (let index = 0; index <= Math.ceil(pointsMax / every); index += 1) ids.push(await begin());
    await setEndpoint(world, nobody);
    await world.advanceTo('2027-07-01T12:00:00Z');
    const renewals = await Promise.all(ids.map((id) => findRenewal(world, id)));
    const draft = await killEach({ world, connection, every, renewals, attaches: true });
    for (const renewal of renewals) await recover(world, renewal);
    await world.advanceTo(new Date(world.clock.now().getTime() + 73 * hourMs));
    const paid = await killEach({ world, connection, every, renewals, attaches: false });
    for (const { organizationId } of renewals) await syncOrganization(world.deps, organizationId);
    await expectOnce(world, renewals);
    const points = { draft: draft.points, paid: paid.points };
    return { points, kills: draft.kills + paid.kills };
  } finally {
    await world.close();
  }
}

/** More than there are. */
const pointsMax = 100;

async function findRenewal(world: OpenWorld, organizationId: string): Promise<Renewal> {
  const invoice = (await providerInvoices(world, organizationId)).at(-1);
  if (invoice?.billing_reason !== 'subscription_cycle') throw new Error('there is no renewal');
  return { organizationId, invoiceId: invoice.id };
}

async function killEach(input: {
  readonly world: OpenWorld;
  readonly connection: pg.ClientConfig;
  readonly every: number;
  readonly renewals: readonly Renewal[];
  readonly attaches: boolean;
}): Promise<{ points: number; kills: number }> {
  const { world, connection, every, attaches } = input;
  const [first, ...others] = input.renewals;
  if (first === undefined) throw new Error('nobody to renew');
  const now = world.clock.now().toISOString();
  const shared = { connection, simulatorUrl: world.simulator.url, now, attaches };
  const points = Number(await run({ ...shared, ...first, killAt: 0 }));
  let kills = 0;
  for (let killAt = 1; killAt <= points; killAt += every) {
    const renewal = others[kills];
    if (renewal === undefined) throw new Error(`${points} points are more than was made for`);
    const answer = await run({ ...shared, ...renewal, killAt });
    if (answer !== 'SIGKILL') throw new Error(`not killed at ${killAt}: ${answer}`);
    kills += 1;
  }
  return { points, kills };
}

const program = path.join(import.meta.dirname, 'renewal-process.ts');

/** What it wrote, or the signal that ended it. */
async function run(order: RenewalOrder): Promise<string> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== null) resolve(signal);
      else if (code === 0) resolve(text.trim());
      else reject(new Error(`a renewal ended with ${code}`));
    });
  });
}

/** What the reconciler of any other process does with a draft that waits. */
async function recover(world: OpenWorld, renewal: Renewal): Promise<void> {
  const { organizationId, invoiceId } = renewal;
  const invoice = await world.stripe.invoices.retrieve(invoiceId);
  await attachOverage(world.deps, organizationId, invoice);
  await syncOrganization(world.deps, organizationId);
}

async function expectOnce(world: OpenWorld, renewals: readonly Renewal[]): Promise<void> {
  const wrong: string[] = [];
  for (const { organizationId, invoiceId } of renewals) {
    const invoices = await providerInvoices(world, organizationId);
    const renewal = invoices.find((one) => one.id === invoiceId);
    const amounts = renewal === undefined ? [] : overageOn(renewal);
    if (amounts.length !== 1 || amounts[0] !== 300 || renewal?.status !== 'paid') {
      wrong.push(`${organizationId}: ${renewal?.status}, items ${JSON.stringify(amounts)}`);
    }
    wrong.push(...(await addUp(world, { organizationId })).wrong);
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}
