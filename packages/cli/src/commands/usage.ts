import type { Usage } from '@mutate/sdk';

import { printable, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { formatBar, formatCount, formatMoney, formatTable } from '../format.ts';
import { show } from '../show.ts';

const barWidth = 30;

/** `mutate usage`: what the workspace has used of its plan. */
export const usageCommand: Command = {
  name: 'usage',
  summary: 'what this period has used of the plan',
  help: `mutate usage [--json]

Shows the conversions used, running and left in the current period, by type, and the limits.

  --json             the server's answer as JSON

${connectionHelp}`,
  options: connectionOptions,
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  if (positionals.length > 0) throw new UsageError('mutate usage takes no arguments.');
  const usage = await connect(flags, io.env).usage.get({ signal: io.signal });
  return show(invocation, usage, describe);
}

function describe(usage: Usage): string {
  const { conversions, concurrent, overage } = usage;
  const rows = [
    ['Workspace', printable(usage.workspace_id)],
    ['Plan', printable(usage.plan.name)],
    ['Period', `${usage.period.start.slice(0, 10)} to ${usage.period.end.slice(0, 10)} (UTC)`],
    ['Conversions', describeConversions(conversions)],
    ['Running now', `${of(concurrent.active, concurrent.limit)}, ${concurrent.queued} waiting`],
    ['Largest file', usage.max_file_size_mb === null ? 'any' : `${usage.max_file_size_mb} MB`],
    ['Requests', `${formatCount(usage.rate_limit.per_minute)} a minute`],
    ['Beyond the limit', describeOverage(overage, conversions.overage)],
  ];
  if (usage.overrides !== null) rows.push(['Exception', printable(usage.overrides.reason)]);
  const types = Object.entries(usage.breakdown).toSorted(([, a], [, b]) => b - a);
  for (const [index, [type, count]] of types.entries()) {
    rows.push([index === 0 ? 'By type' : '', `${printable(type)}  ${formatCount(count)}`]);
  }
  return formatTable(rows);
}

function describeConversions(conversions: Usage['conversions']): string {
  const { used, reserved, limit, remaining } = conversions;
  const running = reserved === 0 ? '' : `, ${formatCount(reserved)} reserved`;
  if (limit === null) return `${formatCount(used)} used${running}, no limit`;
  const bar = formatBar(limit === 0 ? 1 : (used + reserved) / limit, barWidth);
  const left = remaining === null ? '' : `, ${formatCount(remaining)} left`;
  return `${bar}  ${of(used, limit)} used${running}${left}`;
}

function describeOverage(overage: Usage['overage'], count: number): string {
  if (overage.policy === 'block') return 'refused';
  const price =
    overage.unit_amount === null ? '' : ` at ${overage.currency} ${overage.unit_amount}`;
  if (overage.policy === 'warn') return `allowed, not charged; ${formatCount(count)} so far`;
  const soFar = formatMoney(overage.amount_minor, overage.currency);
  const cap =
    overage.spend_cap_minor === null
      ? ''
      : `, at most ${formatMoney(overage.spend_cap_minor, overage.currency)}`;
  return `charged${price}; ${formatCount(count)} so far, ${soFar}${cap}`;
}

function of(count: number, limit: number | null): string {
  return limit === null ? formatCount(count) : `${formatCount(count)} of ${formatCount(limit)}`;
}
