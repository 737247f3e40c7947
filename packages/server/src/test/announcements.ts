import type { MailTopic } from '../notifications/mail/render-mail.ts';
import type { Announcements } from '../notifications/topics.ts';

const invoice = {
  invoice_id: 'inv_1',
  number: 'MUT-0007',
  total_minor: 3_394,
  amount_due_minor: 3_394,
  currency: 'usd',
  hosted_invoice_url: 'https://pay.example.com/i/7',
};
const link = {
  recipient_email: 'ada@example.com',
  url: 'https://mutate.test/link?token=secret-token',
  name: 'Ada',
  expires_at: '2027-02-01T10:00:00.000Z',
};
const failed = { ...invoice, grace_ends_at: '2027-02-07T10:00:00.000Z' };
const lostCard = {
  brand: 'Visa',
  last4: '4242',
  plan_name: 'Pro',
  status: 'active',
  charged_at: '2027-02-28T10:00:00.000Z',
  overage_mailed: false,
  overage_blocked: false,
};
const change = {
  change: 'upgraded',
  plan_id: 'plan_pro',
  plan_name: 'Pro',
  previous_plan_id: 'plan_starter',
  interval: 'month',
  status: 'active',
  effective_at: '2027-01-31T10:00:00.000Z',
} as const;

export interface SampleAnnouncement<Name extends MailTopic = MailTopic> {
  readonly name: string;
  readonly topic: Name;
  readonly payload: Announcements[Name];
}

function sample<Name extends MailTopic>(
  topic: Name,
  payload: Announcements[Name],
  variant = '',
): SampleAnnouncement {
  return { name: `${topic}${variant}`, topic, payload };
}

/** One announcement for each mail there is. */
export const sampleAnnouncements: readonly SampleAnnouncement[] = [
  sample('auth.email_verification', link),
  sample('auth.email_change', { ...link, new_email: 'ada@new.example' }),
  sample('auth.password_reset', link),
  ...(['password', 'second_factor_on', 'second_factor_off'] as const).map((what) =>
    sample(
      'auth.login_changed',
      {
        recipient_email: 'ada@example.com',
        name: 'Ada',
        change: what,
        changed_at: '2027-01-31T10:00:00.000Z',
      },
      `-${what.replaceAll('_', '-')}`,
    ),
  ),
  sample('auth.invitation', {
    ...link,
    workspace_name: 'Acme',
    invited_by: 'Grace Hopper',
    role: 'billing',
  }),
  sample('usage.threshold_reached', {
    period_start: '2027-01-31T10:00:00.000Z',
    thresholds: [80],
    used: 800,
    limit: 1_000,
    policy: 'block',
    period_end: '2027-02-28T10:00:00.000Z',
  }),
  sample(
    'usage.threshold_reached',
    {
      period_start: '2027-01-31T10:00:00.000Z',
      thresholds: [80, 90, 100],
      used: 1_010,
      limit: 1_000,
      policy: 'block',
      period_end: '2027-02-28T10:00:00.000Z',
    },
    '-all',
  ),
  ...(['warn', 'charge'] as const).map((policy) =>
    sample(
      'usage.threshold_reached',
      {
        period_start: '2027-01-31T10:00:00.000Z',
        thresholds: [100],
        used: 1_000,
        limit: 1_000,
        policy,
        period_end: '2027-02-28T10:00:00.000Z',
      },
      `-${policy}`,
    ),
  ),
  sample('overage.first', {
    period_start: '2027-01-31T10:00:00.000Z',
    policy: 'charge',
    used: 1_001,
    limit: 1_000,
    unit_amount: '0.004',
    currency: 'usd',
  }),
  sample('spend_cap.threshold_reached', {
    period_start: '2027-01-31T10:00:00.000Z',
    thresholds: [80],
    cap_minor: 5_000,
    amount_minor: 4_010,
    currency: 'eur',
  }),
  sample('spend_cap.reached', {
    period_start: '2027-01-31T10:00:00.000Z',
    thresholds: [80, 100],
    cap_minor: 5_000,
    amount_minor: 4_999,
    currency: 'eur',
  }),
  sample('usage.digest', {
    week_start: '2027-01-17T23:00:00.000Z',
    week_end: '2027-01-24T23:00:00.000Z',
    conversions: 1_284,
    previous_conversions: 990,
    failed: 3,
    by_type: [
      { type: 'XLSX_TO_CSV', conversions: 1_200 },
      { type: 'DOCX_TO_PDF', conversions: 84 },
    ],
    period: { used: 1_284, limit: 10_000, end: '2027-02-28T10:00:00.000Z' },
  }),
  sample('subscription.changed', change),
  sample(
    'subscription.changed',
    { ...change, change: 'change_scheduled', plan_name: 'Starter' },
    '-scheduled',
  ),
  sample(
    'subscription.changed',
    { ...change, change: 'cancelled', plan_name: 'Free', interval: null },
    '-cancelled',
  ),
  sample('subscription.ending', { ends_at: '2027-02-28T10:00:00.000Z', plan_name: 'Pro' }),
  sample('invoice.finalized', invoice),
  sample('invoice.finalized', { ...invoice, due_at: '2027-02-07T10:00:00.000Z' }, '-mailed'),
  sample('invoice.paid', { ...invoice, amount_due_minor: 0 }),
  sample('invoice.payment_failed', { ...failed, day: 0 }, '-day-0'),
  sample('invoice.payment_failed', { ...invoice, day: 0, grace_ends_at: null }, '-without-grace'),
  sample('invoice.payment_failed', { ...failed, day: 3 }, '-day-3'),
  sample('invoice.payment_failed', { ...failed, day: 7 }, '-day-7'),
  sample('invoice.payment_action_required', invoice),
  sample('payment_method.removed', lostCard),
  sample('payment_method.removed', { ...lostCard, status: 'trialing' }, '-trial'),
  sample(
    'payment_method.removed',
    { ...lostCard, charged_at: null, overage_mailed: true, overage_blocked: true },
    '-overage',
  ),
  sample('payment_method.expiring', { brand: 'Visa', last4: '4242', exp_month: 3, exp_year: 2027 }),
  sample('webhook_endpoint.disabled', {
    endpoint_id: 'whk_1',
    url: 'https://hooks.example.com/mutate?token=secret',
    reason: 'failing',
    failing_since: '2027-01-26T10:00:00.000Z',
  }),
  sample('workspace.suspended', { reason: 'Unpaid invoices' }),
  sample('workspace.reactivated', {}),
];
