import type { OpenWorld } from '../../test/billing-world.ts';
import { finishCheckout, invoicesOf, offer, type Visitor, visitor } from '../../test/checkout.ts';
import { Random } from '../random.ts';

export interface UpgradesInput {
  /** Its own, at whatever time. */
  readonly world: OpenWorld;
  readonly seed: number;
  readonly upgrades: number;
  readonly untilMs?: number;
  onUpgrade?(made: number): void;
}

export interface UpgradesResult {
  readonly upgrades: number;
  readonly workspaces: number;
  /** Of them with another interval. */
  readonly toTheYear: number;
}

const currencies = ['usd', 'eur', 'jpy', 'kwd'] as const;
const steps = 6;
/** A workspace changes that often, then another one begins. */
const upgradesEach = 4;

/**
 * Upgrades of random plans, currencies and intervals at random moments: each invoice must be what its
 * preview said, line by line, and what was used must stay used.
 *
 * @throws Error naming the seed and the difference
 */
export async function proveUpgrades(input: UpgradesInput): Promise<UpgradesResult> {
  const random = new Random(input.seed);
  const { world } = input;
  const result = { upgrades: 0, workspaces: 0, toTheYear: 0 };
  const isDone = () =>
    result.upgrades >= input.upgrades || performance.now() >= (input.untilMs ?? Infinity);
  await makePlans(world, random);
  while (!isDone()) {
    const life = await begin(world, random);
    result.workspaces += 1;
    for (let made = 0; made < upgradesEach && life.step < steps - 1 && !isDone(); made += 1) {
      await pass(world, random);
      const isYearly = await upgrade(world, random, life, input.seed);
      result.upgrades += 1;
      result.toTheYear += isYearly ? 1 : 0;
      input.onUpgrade?.(result.upgrades);
    }
    await end(life);
  }
  return result;
}

/** Six plans a currency, each dearer than the one before, by the month and by the year. */
async function makePlans(world: OpenWorld, random: Random): Promise<void> {
  for (const currency of currencies) {
    let amount = 0;
    for (let step = 0; step < steps; step += 1) {
      amount += (1 + random.below(400)) * 10 + (currency === 'kwd' ? 0 : random.below(10));
      const yearly = { [currency]: amount * 10 };
      await offer(world, planOf(currency, step), { [currency]: amount }, { yearly });
    }
  }
}

function planOf(currency: string, step: number): string {
  return `plan_${currency}_${step}`;
}

interface UpgradingLife {
  readonly one: Visitor;
  readonly currency: string;
  step: number;
  interval: 'month' | 'year';
}

async function begin(world: OpenWorld, random: Random): Promise<UpgradingLife> {
  const one = await visitor(world);
  const currency = currencies[random.below(currencies.length)] ?? 'usd';
  const plan_id = planOf(currency, 0);
  const { body } = await one.call('POST', 'subscription', { plan_id, currency });
  await finishCheckout(world, body['checkout_url']);
  if (random.below(3) === 0) {
    const credit = { amount_minor: (1 + random.below(300)) * 10, currency, reason: 'Proof' };
    const path = `/v1/admin/workspaces/${one.organizationId}/credits` as const;
    await world.api.call(`POST ${path}`, { body: credit });
  }
  return { one, currency, step: 0, interval: 'month' };
}

/** Some days, to the second. */
async function pass(world: OpenWorld, random: Random): Promise<void> {
  const seconds = 1 + random.below(9 * 86_400);
  await world.advanceTo(new Date(world.clock.now().getTime() + seconds * 1000));
}

async function upgrade(
  world: OpenWorld,
  random: Random,
  life: UpgradingLife,
  seed: number,
): Promise<boolean> {
  const { one, currency } = life;
  life.step += 1 + random.below(Math.min(2, steps - 1 - life.step));
  const isToTheYear = life.interval === 'month' && random.below(4) === 0;
  if (isToTheYear) life.interval = 'year';
  const wanted = { plan_id: planOf(currency, life.step), interval: life.interval };
  const preview = await one.call('POST', 'subscription/preview', wanted);
  const { proration_date: date } = preview.body;
  // The world goes on between a look and a decision.
  await world.advanceTo(new Date(world.clock.now().getTime() + random.below(3000) * 1000));
  const changed = await one.call(
    'POST',
    'subscription',
    { ...wanted, proration_date: date },
    { asOperator: true },
  );
  const [invoice] = await invoicesOf(world, one);
  const made = {
    status: changed.status,
    plan: (changed.body['plan'] as { id: string } | undefined)?.id,
    lines: invoice?.lines.data.map(({ amount }) => amount),
    total: invoice?.total,
    due: invoice?.amount_due,
  };
  const promised = {
    status: 200,
    plan: wanted.plan_id,
    lines: (preview.body['lines'] as { amount_minor: number }[]).map((line) => line.amount_minor),
    total: preview.body['total_minor'],
    due: preview.body['amount_due_minor'],
  };
  if (JSON.stringify(made) === JSON.stringify(promised)) return isToTheYear;
  throw new Error(
    `PROOF_SEED=${seed}: ${JSON.stringify(wanted)} was promised ${JSON.stringify(promised)} ` +
      `and made ${JSON.stringify(made)}`,
  );
}

/** So that its renewals need not be played any more. */
async function end({ one }: UpgradingLife): Promise<void> {
  const what = 'subscription?when=now&settlement=none';
  await one.call('DELETE', what, undefined, { asOperator: true });
}
