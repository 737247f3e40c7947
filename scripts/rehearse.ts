import { openProvingGround } from '../packages/server/src/proof/proving-ground.ts';
import { makeCompanyPlans, playYear } from '../packages/server/src/proof/rehearsal/play-year.ts';
import {
  differencesBetween,
  readOurs,
  readProvider,
  tableOf,
} from '../packages/server/src/proof/rehearsal/revenue.ts';
import { showMinor } from '../packages/server/src/currency.ts';
import { openBillingWorld } from '../packages/server/src/test/billing-world.ts';

/**
 * `npm run rehearse`: a year of twelve workspaces on a database of its own and the simulator, over
 * Stripe's wire protocol; then what came in, by month and currency. Fails where what we keep is not
 * what the simulator has.
 */
const startedMs = performance.now();
const ground = await openProvingGround(false);
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const world = await openBillingWorld(ground.servers[0], {
  start: '2027-01-15T09:00:00Z',
  log: quiet,
});
try {
  await makeCompanyPlans(world);
  console.log('A year of twelve workspaces, SIMULATED: no money moves.');
  await playYear(world, (month) => process.stdout.write(month === 11 ? ' 12\n' : ` ${month + 1}`));
  const [ours, theirs] = [await readOurs(world), await readProvider(world)];
  console.log(`\nWhat came in, by the month it was paid in (UTC):\n\n${tableOf(ours.revenue)}\n`);
  for (const { currency, kind, amount_minor: amount } of ours.kinds) {
    console.log(`${kind.padEnd(12)}${showMinor(amount, currency).padStart(16)}`);
  }
  const states = ours.statuses.map(({ status, count }) => `${count} ${status}`).join(', ');
  const wrong = differencesBetween(ours.revenue, theirs.revenue);
  if (ours.invoices !== theirs.invoices) {
    wrong.push(`we keep ${ours.invoices} invoices, the simulator has ${theirs.invoices}`);
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`\n${ours.invoices} invoices (${states}), ${seconds} s`);
  if (wrong.length === 0) console.log('Equal to the sum of the simulator’s invoices.');
  else {
    console.error(`Not what the simulator has:\n${wrong.join('\n')}`);
    process.exitCode = 1;
  }
} finally {
  await world.close();
  await ground.close();
}

function nothing(): void {
  // A rehearsal shows its table and nothing else.
}
