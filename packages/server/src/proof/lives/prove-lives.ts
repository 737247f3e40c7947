import { reconcile } from '../../billing/inbox/reconcile.ts';
import type { Pool } from '../../db/pool.ts';
import { hurry, openBillingWorld, type OpenWorld, resend } from '../../test/billing-world.ts';
import { makeChargingPlan } from '../../test/overage.ts';
import { Random } from '../random.ts';
import { addUp } from './add-up.ts';
import type { Life } from './life.ts';
import { beginLife, doSomething } from './live.ts';
import { silent } from './recover.ts';

export interface LivesInput {
  /** A migrated database of its own. */
  readonly db: Pool;
  readonly seed: number;
  readonly lives: number;
  /** Days pass between them; each life does something in each. */
  readonly rounds: number;
  onRound?(round: number): void;
}

export interface LivesResult {
  readonly lives: number;
  readonly deeds: number;
  readonly invoices: number;
  readonly bills: number;
  readonly days: number;
}

const dayMs = 86_400_000;
/** So many do something at the same moment. */
const atOnce = 8;
const currencies = ['usd', 'eur', 'jpy', 'kwd'] as const;

const terms = [
  { included: 3, amountMinor: 1_900, price: '0.004' },
  { included: 5, amountMinor: 4_900, price: '0.125' },
  { included: 0, amountMinor: 9_900, price: '1.5' },
] as const;

/**
 * Billing lives side by side, through our own API and the provider's hosted pages, with webhooks in
 * any order, three in ten twice, one in ten lost until it is sent again, and a provider that often
 * does what it is asked and loses the answer. In the end what we keep must be what the provider has,
 * to the cent, and what was asked for must have been done once.
 *
 * @throws Error naming the seed and every difference
 */
export async function proveLives(input: LivesInput): Promise<LivesResult> {
  const { db, seed, lives: count, rounds } = input;
  const start = '2027-01-31T12:00:00Z';
  const world = await openBillingWorld(db, { start, log: silent, clientPauseMs: 5 });
  try {
    const random = new Random(seed);
    const plans = await makePlans(world);
    const lives: Life[] = [];
    for (let index = 0; index < count; index += 1) {
      const currency = currencies[index % currencies.length] ?? 'usd';
      const own = new Random(seed + (index + 1) * 7919);
      const termsIn = (name: string) => ({ currency: name, planIds: plans.get(name) ?? [] });
      const other = index % 10 === 3 ? termsIn(currencies[(index + 1) % 4] ?? 'usd') : null;
      lives.push(await beginLife(world, { ...termsIn(currency), other, random: own }));
    }
    disturb(world, seed);
    for (let round = 0; round < rounds; round += 1) {
      await inGroups(lives, (life) => doSomething(world, life));
      await pass(world, random);
      input.onRound?.(round + 1);
    }
    await comeToRest(world);
    const sums = { invoices: 0, bills: 0 };
    const wrong: string[] = [];
    for (const { one, creditMinor } of lives) {
      const { organizationId } = one;
      const added = await addUp(world, { organizationId, creditMinor });
      sums.invoices += added.invoices;
      sums.bills += added.bills;
      wrong.push(...added.wrong);
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    const days = Math.round((world.clock.now().getTime() - Date.parse(start)) / dayMs);
    return { lives: count, deeds: count * rounds, ...sums, days };
  } catch (error) {
    throw new Error(`PROOF_SEED=${seed}: ${String(error)}`, { cause: error });
  } finally {
    await world.close();
  }
}

/** Plans of each currency, since each has its own price past the limit. */
async function makePlans(world: OpenWorld): Promise<Map<string, string[]>> {
  const plans = new Map<string, string[]>();
  for (const currency of currencies) {
    const ids: string[] = [];
    for (const plan of terms) ids.push(await makeChargingPlan(world, { ...plan, currency }));
    plans.set(currency, ids);
  }
  return plans;
}

async function inGroups(lives: readonly Life[], act: (life: Life) => Promise<void>): Promise<void> {
  for (let from = 0; from < lives.length; from += atOnce) {
    await Promise.all(lives.slice(from, from + atOnce).map(act));
  }
}

/** So often that all of the client's tries lose their answer: then what was done has to be found. */
function disturb({ simulator }: OpenWorld, seed: number): void {
  simulator.webhooks.set({
    shuffle: true,
    duplicate: 0.3,
    lose: 0.1,
    delay_seconds: 7200,
    delay_step_seconds: 1800,
    seed,
  });
  const shared = { times: 1_000_000, seed } as const;
  const lose = (verb: 'POST' | 'DELETE', path: string, probability: number) =>
    simulator.faults.add({ ...shared, kind: 'cut_after', verb, path, probability });
  lose('POST', '/v1/invoiceitems', 0.7);
  lose('POST', '/v1/subscription', 0.5);
  lose('DELETE', '/v1/subscriptions', 0.5);
  simulator.faults.add({ ...shared, kind: 'error_after', verb: 'POST', probability: 0.05 });
}

/** Some days; what was lost is sent again, or found by the reconciler. */
async function pass(world: OpenWorld, random: Random): Promise<void> {
  const days = 1 + random.below(14);
  await world.advanceTo(new Date(world.clock.now().getTime() + days * dayMs));
  if (random.chance(0.5)) await resend(world, 'lost');
  else await reconcile(world.deps);
  await hurry(world);
}

/** The provider calms down, everything is told again, and time for all that is under way goes by. */
async function comeToRest(world: OpenWorld): Promise<void> {
  world.simulator.webhooks.set({});
  world.simulator.faults.clear();
  await resend(world, 'lost');
  await resend(world, 'failed');
  for (let turn = 0; turn < 3; turn += 1) {
    await hurry(world);
    await reconcile(world.deps);
    await world.advanceTo(new Date(world.clock.now().getTime() + dayMs));
  }
  await hurry(world);
}
