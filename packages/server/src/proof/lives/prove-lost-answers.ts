import type { Pool } from '../../db/pool.ts';
import { hurry, openBillingWorld } from '../../test/billing-world.ts';
import { chargeOverage, convert, makeChargingPlan } from '../../test/overage.ts';
import { addUp } from './add-up.ts';
import { silent } from './recover.ts';

export interface LostAnswers {
  readonly months: number;
  readonly invoices: number;
  readonly bills: number;
}

const workspaces = 8;
const monthsMax = 60;

/**
 * The provider does what it is asked and answers 500, to one POST after the other, `times` times,
 * while workspaces renew by the month and by the year. In the end nothing is there twice.
 *
 * @throws Error naming every difference
 */
export async function proveLostAnswers(db: Pool, times: number): Promise<LostAnswers> {
  const world = await openBillingWorld(db, {
    start: '2027-01-31T12:00:00Z',
    log: silent,
    clientPauseMs: 5,
  });
  try {
    const plan = { included: 0, amountMinor: 1_900, price: '0.75' };
    const planId = await makeChargingPlan(world, plan);
    const lives: string[] = [];
    for (let index = 0; index < workspaces; index += 1) {
      const organizationId = await world.organization();
      const interval = index % 2 === 0 ? 'month' : 'year';
      await world.subscribe(organizationId, { planId, interval });
      await chargeOverage(db, organizationId);
      lives.push(organizationId);
    }
    world.simulator.faults.add({ kind: 'error_after', verb: 'POST', times });
    let months = 0;
    while (world.simulator.faults.list().length > 0 && months < monthsMax) {
      for (const organizationId of lives) await convert(world, organizationId, 3);
      await world.advanceTo(new Date(world.clock.now().getTime() + 31 * 86_400_000));
      await hurry(world);
      months += 1;
    }
    if (world.simulator.faults.list().length > 0) throw new Error('too few calls were made');
    await world.advanceTo(new Date(world.clock.now().getTime() + 3 * 86_400_000));
    await hurry(world);
    const sums = { invoices: 0, bills: 0 };
    const wrong: string[] = [];
    for (const organizationId of lives) {
      const added = await addUp(world, { organizationId });
      sums.invoices += added.invoices;
      sums.bills += added.bills;
      wrong.push(...added.wrong);
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    return { months, ...sums };
  } finally {
    await world.close();
  }
}
