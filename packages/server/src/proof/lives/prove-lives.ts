import { reconcile } from '../../billing/inbox/reconcile.ts';
import type { Pool } from '../../db/pool.ts';
import { hurry, openBillingWorld, type OpenWorld, resend } from '../../test/billing-world.ts';
import { Random } from '../random.ts';
import { addUp } from './add-up.ts';
import { beginLife, currencies, doSomething, type Life, makePlans, type Stage } from './live.ts';
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

/**
 * Billing lives side by side, with webhooks in any order, three in ten twice, one in ten lost until it
 * is sent again, and a provider that now and then does what it is asked and answers 500. In the end
 * what we keep must be what the provider has, to the cent.
 *
 * @throws Error naming the seed and every difference
 */
export async function proveLives(input: LivesInput): Promise<LivesResult> {
  const { db, seed, lives: count, rounds } = input;
  const start = '2027-01-31T12:00:00Z';
  const world = await openBillingWorld(db, { start, log: silent });
  try {
    const random = new Random(seed);
    const plans = await makePlans(world);
    const stageOf = (currency: string): Stage => {
      return { world, random, planIds: plans.get(currency) ?? [] };
    };
    const lives: Life[] = [];
    for (let index = 0; index < count; index += 1) {
      const currency = currencies[index % currencies.length] ?? 'usd';
      lives.push(await beginLife(stageOf(currency), currency));
    }
    disturb(world, seed);
    for (let round = 0; round < rounds; round += 1) {
      for (const life of lives) await doSomething(stageOf(life.currency), life);
      await pass(world, random);
      input.onRound?.(round + 1);
    }
    await comeToRest(world);
    const sums = { invoices: 0, bills: 0 };
    const wrong: string[] = [];
    for (const life of lives) {
      const added = await addUp(world, life);
      sums.invoices += added.invoices;
      sums.bills += added.bills;
      wrong.push(...added.wrong);
    }
    if (wrong.length > 0) throw new Error(`PROOF_SEED=${seed}:\n${wrong.join('\n')}`);
    const days = Math.round((world.clock.now().getTime() - Date.parse(start)) / dayMs);
    return { lives: count, deeds: count * rounds, ...sums, days };
  } finally {
    await world.close();
  }
}

function disturb({ simulator }: OpenWorld, seed: number): void {
  simulator.webhooks.set({ shuffle: true, duplicate: 0.3, lose: 0.1, delay_seconds: 7200, seed });
  const shared = { verb: 'POST', times: 1_000_000, seed } as const;
  // So often that all of the client's tries lose their answer: then the item has to be found again.
  simulator.faults.add({
    ...shared,
    kind: 'cut_after',
    path: '/v1/invoiceitems',
    probability: 0.7,
  });
  simulator.faults.add({ ...shared, kind: 'error_after', probability: 0.02 });
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
