import { showMinor, showPrice } from '../../../currency.ts';
import type { Announcements } from '../../topics.ts';
import { formatCount, formatDay } from '../formats.ts';
import type { MailContent } from '../layout.ts';
import type { MailContext, Templates } from './template.ts';

type UsageTopic =
  | 'usage.threshold_reached'
  | 'overage.first'
  | 'spend_cap.threshold_reached'
  | 'spend_cap.reached'
  | 'usage.digest';

export const usageTemplates: Templates<UsageTopic> = {
  'usage.threshold_reached': (payload, context) => {
    const highest = Math.max(...payload.thresholds);
    const all = listOf(payload.thresholds);
    const isUsedUp = payload.used >= payload.limit;
    return {
      subject: isUsedUp
        ? `${context.workspace}: the month's conversions are used up`
        : `${context.workspace}: ${highest} % of the month's conversions are used`,
      paragraphs: [
        `${context.workspace} has reached ${all} of its monthly limit.`,
        isUsedUp
          ? pastTheLimit(payload, context)
          : 'Nothing changes yet. This is so that you can choose before the limit is reached.',
      ],
      facts: [
        ['Used', `${formatCount(payload.used)} of ${formatCount(payload.limit)}`],
        ['Period since', formatDay(payload.period_start, context.timeZone)],
        ...(payload.period_end === undefined
          ? []
          : [['Next period', formatDay(payload.period_end, context.timeZone)] as const]),
      ],
      action: { label: 'See usage', url: `${context.workspaceUrl}/usage` },
    };
  },
  'overage.first': (payload, context) => ({
    subject: `${context.workspace}: the first conversion past the monthly limit`,
    paragraphs: [
      `${context.workspace} has used the conversions of its plan. Further ones go on as overage.`,
      payload.policy === 'charge' && payload.unit_amount !== null
        ? `Each one costs ${showPrice(payload.unit_amount, payload.currency)} and is billed with ` +
          'the next invoice.'
        : 'They cost nothing under the policy that is set now.',
    ],
    facts: [['Used', `${formatCount(payload.used)} of ${formatCount(payload.limit)}`]],
    action: { label: 'See usage', url: `${context.workspaceUrl}/usage` },
  }),
  'spend_cap.threshold_reached': (payload, context) => ({
    subject: `${context.workspace}: ${Math.max(...payload.thresholds)} % of the spend cap is reached`,
    paragraphs: [
      `Overage of this period has passed ${listOf(payload.thresholds)} of the spend cap. At the cap ` +
        'further conversions are refused.',
    ],
    facts: spendFacts(payload),
    action: { label: 'Change the cap', url: `${context.workspaceUrl}/billing` },
  }),
  'spend_cap.reached': (payload, context) => ({
    subject: `${context.workspace}: the spend cap is reached`,
    paragraphs: [
      'What is left below the cap pays for no further conversion: they are refused until the next ' +
        'period, or until the cap is raised.',
    ],
    facts: spendFacts(payload),
    action: { label: 'Change the cap', url: `${context.workspaceUrl}/billing` },
  }),
  'usage.digest': (payload, context) => digest(payload, context),
};

function pastTheLimit(
  { policy, period_end: end }: Announcements['usage.threshold_reached'],
  { timeZone }: MailContext,
): string {
  const until = end === undefined ? 'the next period' : formatDay(end, timeZone);
  if (policy === undefined) return 'Whether new conversions go on is up to the overage policy.';
  switch (policy) {
    case 'block':
      return `New conversions are refused until ${until}, or until you choose a larger plan.`;
    case 'warn':
      return 'New conversions go on, at no charge.';
    case 'charge':
      return 'New conversions go on and are charged with the next invoice, up to the spend cap if there is one.';
  }
}

function digest(payload: Announcements['usage.digest'], context: MailContext): MailContent {
  const { conversions, previous_conversions: before, failed, period } = payload;
  const from = formatDay(payload.week_start, context.timeZone);
  const limit = period.limit === null ? 'without a limit' : `of ${formatCount(period.limit)}`;
  return {
    subject: `${context.workspace}: ${count(conversions, 'conversion')} in a week`,
    paragraphs: [
      `The week from ${from} in ${context.workspace}: ${count(conversions, 'conversion')}, ` +
        `${formatCount(before)} in the week before.`,
    ],
    facts: [
      ...payload.by_type.map(
        ({ type, conversions: some }) => [type.replace('_TO_', ' to '), formatCount(some)] as const,
      ),
      ['Failed', formatCount(failed)],
      ['This period', `${formatCount(period.used)} ${limit}`],
      ['Period ends', formatDay(period.end, context.timeZone)],
    ],
    action: { label: 'See usage', url: `${context.workspaceUrl}/usage` },
  };
}

function spendFacts(payload: Announcements['spend_cap.reached']): MailContent['facts'] & {} {
  const { amount_minor: amount, cap_minor: cap, currency } = payload;
  return [
    ['Overage so far', showMinor(amount, currency)],
    ['Spend cap', showMinor(cap, currency)],
  ];
}

function listOf(thresholds: readonly number[]): string {
  const all = thresholds.map((threshold) => `${threshold} %`);
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(all);
}

function count(many: number, one: string): string {
  return `${formatCount(many)} ${one}${many === 1 ? '' : 's'}`;
}
