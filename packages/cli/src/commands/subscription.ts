import type { Mutate, Subscription, SubscriptionPreview } from '@mutate/sdk';

import {
  printable,
  textFlag,
  UsageError,
  type Command,
  type Flags,
  type Invocation,
} from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { formatMoney, formatTable } from '../format.ts';
import { show } from '../show.ts';

/** `mutate subscription`: what the workspace is on, and changing it. */
export const subscriptionCommand: Command = {
  name: 'subscription',
  summary: 'the plan that the workspace is on, and changing it',
  help: `mutate subscription [--json]
mutate subscription change PLAN [--interval month|year] [--currency CODE]
                                [--when now|period_end] [--yes]
mutate subscription cancel | resume | card | portal

Shows the subscription. "change" shows the invoice that a change would make; with --yes it is made,
and invoiced exactly that. The present plan undoes what is to come. "card" and "portal" print the
address of the page that takes a card, or that shows the payment provider's invoices.

  --yes              make the change
  --json             the server's answer as JSON

${connectionHelp}`,
  options: {
    ...connectionOptions,
    interval: { type: 'string' },
    currency: { type: 'string' },
    when: { type: 'string' },
    yes: { type: 'boolean' },
  },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [verb = 'show', planId, ...others] = positionals;
  const isChange = verb === 'change';
  if (others.length > 0 || (planId !== undefined) !== isChange) {
    throw new UsageError(
      isChange ? 'mutate subscription change takes the id of a plan.' : 'Too many arguments.',
    );
  }
  const client = connect(flags, io.env);
  switch (verb) {
    case 'show':
      return show(invocation, await client.subscription.get({ signal: io.signal }), describe);
    case 'change':
      return change(client, invocation, planId ?? '');
    case 'cancel':
      return show(invocation, await client.subscription.cancel(), describe);
    case 'resume':
      return show(invocation, await client.subscription.resume(), describe);
    case 'card':
      return show(invocation, await client.billing.paymentMethodPage(), asLine);
    case 'portal':
      return show(invocation, await client.billing.portalPage(), asLine);
    default:
      throw new UsageError(`There is no "mutate subscription ${verb}".`);
  }
}

function asLine(text: string): string {
  return `${printable(text)}\n`;
}

function choiceOf<Choice extends string>(
  flags: Flags,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textFlag(flags, name);
  const choice = choices.find((one) => one === text);
  if (text === undefined || choice !== undefined) return choice;
  throw new UsageError(`--${name} takes ${choices.join(' or ')}.`);
}

async function change(client: Mutate, invocation: Invocation, planId: string): Promise<number> {
  const { io, flags } = invocation;
  const input = {
    planId,
    interval: choiceOf(flags, 'interval', ['month', 'year']),
    currency: textFlag(flags, 'currency'),
    when: choiceOf(flags, 'when', ['now', 'period_end']),
  };
  const preview = await client.subscription.preview(input, { signal: io.signal });
  if (flags['yes'] !== true) {
    io.stderr.write('Nothing is changed yet: add --yes to make it so.\n');
    return show(invocation, preview, describePreview);
  }
  const prorationDate = preview.proration_date ?? undefined;
  const changed = await client.subscription.change({ ...input, prorationDate });
  return show(invocation, changed, (subscription) => {
    const { checkout_url: url } = subscription;
    return url === null ? describe(subscription) : `Give a card at ${printable(url)}\n`;
  });
}

function describe(subscription: Subscription): string {
  const { plan, interval, currency, scheduled_change: next, pending_change: open } = subscription;
  const { current_period_start: start, current_period_end: end } = subscription;
  const rows = [
    ['Plan', `${plan.name}, by the ${interval} in ${currency.toUpperCase()}`],
    ['State', subscription.status],
    ['Billing period', `${start.slice(0, 10)} to ${end.slice(0, 10)} (UTC)`],
  ];
  if (subscription.cancel_at_period_end) rows.push(['Ends', end]);
  if (next !== null) {
    rows.push(['Then', `${next.plan_id}, by the ${next.interval}, from ${next.effective_at}`]);
  }
  if (open !== null) rows.push(['Waits for', `${open.plan_id}, to be paid at ${open.payment_url}`]);
  return formatTable(rows.map((row) => row.map(printable)));
}

function describePreview(preview: SubscriptionPreview): string {
  const money = (minor: number): string => formatMoney(minor, preview.currency);
  const lines = preview.lines.map((line) => [line.description, money(line.amount_minor)]);
  const when = preview.when === 'now' ? 'now' : preview.effective_at;
  return formatTable(
    [
      ['Plan', `${preview.plan_id}, by the ${preview.interval}, from ${when}`],
      ...lines,
      ['Total', money(preview.total_minor)],
      ['To pay now', money(preview.amount_due_minor)],
      [`Then each ${preview.interval}`, money(preview.recurring_amount_minor)],
    ].map((row) => row.map(printable)),
  );
}
