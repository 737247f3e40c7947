import type { Plan } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { formatCount, formatMoney, formatTable } from '../format.ts';
import { show } from '../show.ts';

/** `mutate plans`: the price list. */
export const plansCommand: Command = {
  name: 'plans',
  summary: 'plans on sale, their limits and prices',
  help: `mutate plans [--currency CODE] [--json]

Lists the plans on sale.

  --currency CODE    prices in this currency (default usd)
  --json             the server's answer as JSON

${connectionHelp}`,
  options: { ...connectionOptions, currency: { type: 'string' } },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  if (positionals.length > 0) throw new UsageError('mutate plans takes no arguments.');
  const plans = await connect(flags, io.env).plans.list({ signal: io.signal });
  const currency = textFlag(flags, 'currency')?.toLowerCase() ?? 'usd';
  return show(invocation, plans, (all) => describe(all, currency));
}

const heads = ['PLAN', 'ID', 'CONVERSIONS', 'AT ONCE', 'LARGEST FILE', 'MONTH', 'YEAR', 'BEYOND'];

function describe(plans: readonly Plan[], currency: string): string {
  return formatTable([heads, ...plans.map((plan) => rowOf(plan, currency))]);
}

function rowOf(plan: Plan, currency: string): string[] {
  const price = (interval: 'month' | 'year') =>
    plan.prices.find((one) => one.currency === currency && one.interval === interval);
  const amount = (interval: 'month' | 'year') => {
    const minor = price(interval)?.amount_minor;
    return minor === undefined ? '–' : formatMoney(minor, currency);
  };
  const { monthly_conversion_limit: monthly, concurrent_conversion_limit: slots } = plan;
  const { max_file_size_mb: megabytes } = plan;
  return [
    plan.name,
    plan.id,
    monthly === null ? 'any' : formatCount(monthly),
    slots === null ? 'any' : formatCount(slots),
    megabytes === null ? 'any' : `${formatCount(megabytes)} MB`,
    amount('month'),
    amount('year'),
    price('month')?.overage_amount ?? '–',
  ].map(printable);
}
