import { systemContext } from '../../billing/deps.ts';
import { setOverrides } from '../../subscriptions/overrides.ts';
import type { OpenWorld } from '../../test/billing-world.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { visitor } from '../../test/checkout.ts';
import type { Random } from '../random.ts';
import { changeSubscription, type Deed, deeds } from './deeds.ts';
import type { Life } from './life.ts';

const types = ['CSV_TO_JSON', 'XLSX_TO_CSV', 'DOCX_TO_PDF'] as const;
export async function beginLife(
  world: OpenWorld,
  given: Pick<Life, 'currency' | 'planIds' | 'other' | 'random'>,
): Promise<Life> {
  const life = { ...given, one: await visitor(world), creditMinor: 0, asked: 0 };
  await changeSubscription(world, life);
  return life;
}

/** Something that a customer, or the operator, does: on our routes and on the provider's pages. */
export async function doSomething(world: OpenWorld, life: Life): Promise<void> {
  const deed = draw(life.random);
  if (deed === 'convert') return convertSome(world, life);
  if (deed === 'setPrice') return setPrice(world, life);
  const { body } = await life.one.call('GET', 'subscription');
  const isFree = (body['plan'] as { id: string } | undefined)?.id === 'plan_free';
  // Who is on Free comes back before anything else.
  await (isFree && deed !== 'trial'
    ? changeSubscription(world, life)
    : deeds[deed].act(world, life));
}

type AnyDeed = Deed | 'convert' | 'setPrice';

const weights: readonly (readonly [AnyDeed, number])[] = [
  ['convert', 6],
  ['setPrice', 1],
  ...Object.entries(deeds).map(([name, { weight }]) => [name as Deed, weight] as const),
];

function draw(random: Random): AnyDeed {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  return weights.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'convert';
}

/** Some complete at once; who is refused (a debt, no plan) goes without. */
async function convertSome(world: OpenWorld, { one, random }: Life): Promise<void> {
  const { organizationId } = one;
  const metering = meteringOn(world.db, world.clock);
  const calls = Array.from({ length: 1 + random.below(12) }, () =>
    admitCall(organizationId, { type: random.pick(types) ?? 'CSV_TO_JSON' }),
  );
  await Promise.all(
    calls.map(async (call) => {
      const { verdict } = await metering.admit(call);
      if (!verdict.startsWith('allowed')) return;
      await metering.complete(completeCall(organizationId, call.jobId));
    }),
  );
}

async function setPrice(world: OpenWorld, { one, random }: Life): Promise<void> {
  const operator = { kind: 'super_admin', id: 'operator' } as const;
  const price = random.pick(['0.003', '0.05', '0.333', '2']) ?? '1';
  await setOverrides(
    { ...systemContext(world.deps, one.organizationId), actor: operator },
    { overage_price: price, reason: 'A life' },
  );
}
