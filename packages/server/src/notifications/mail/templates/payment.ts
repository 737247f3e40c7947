import { showMinor } from '../../../currency.ts';
import type { Announcements } from '../../topics.ts';
import { formatTime } from '../formats.ts';
import { plainName } from '../plain-text.ts';
import type { MailContent } from '../layout.ts';
import type { MailContext, Templates } from './template.ts';

type PaymentTopic =
  | 'invoice.finalized'
  | 'invoice.paid'
  | 'invoice.payment_failed'
  | 'invoice.payment_action_required'
  | 'payment_method.removed'
  | 'payment_method.expiring';

type Invoice = Announcements['invoice.paid'];

export const paymentTemplates: Templates<PaymentTopic> = {
  'invoice.finalized': (payload, context) =>
    payload.total_minor === 0 || payload.has_failed === true
      ? null
      : {
          subject: `${context.workspace}: invoice ${numberOf(payload)} is ready`,
          paragraphs: [howPaid(payload, context)],
          facts: invoiceFacts(payload),
          action: invoiceAction(
            payload,
            context,
            isMailed(payload) ? 'Pay the invoice' : undefined,
          ),
        },
  'invoice.paid': (payload, context) =>
    payload.total_minor === 0
      ? null
      : {
          subject: `${context.workspace}: invoice ${numberOf(payload)} is paid`,
          paragraphs: ['Thank you. The payment has arrived.'],
          facts: invoiceFacts(payload),
          action: invoiceAction(payload, context),
        },
  'invoice.payment_failed': (payload, context) => failed(payload, context),
  'invoice.payment_action_required': (payload, context) => ({
    subject: `${context.workspace}: confirm the payment of invoice ${numberOf(payload)}`,
    paragraphs: [
      'Your bank wants you to confirm this payment yourself. Open the invoice and follow its page; ' +
        'without it the invoice stays unpaid.',
    ],
    facts: invoiceFacts(payload),
    action: invoiceAction(payload, context, 'Confirm the payment'),
  }),
  'payment_method.removed': (payload, context) => ({
    subject: `${context.workspace}: no card is on file any more`,
    paragraphs: lostCard(payload, context),
    action: { label: 'Add a card', url: `${context.workspaceUrl}/billing` },
  }),
  'payment_method.expiring': (payload, context) => ({
    subject: `${context.workspace}: the card ending in ${plainName(payload.last4)} expires soon`,
    paragraphs: [
      `The ${plainName(payload.brand)} card ending in ${plainName(payload.last4)} can be charged until ` +
        `the end of ${String(payload.exp_month).padStart(2, '0')}/${payload.exp_year}. Store a new one ` +
        'before the next invoice.',
    ],
    action: { label: 'Change the card', url: `${context.workspaceUrl}/billing` },
  }),
};

function isMailed({ due_at: dueAt, amount_due_minor: due }: Announcements['invoice.finalized']) {
  return typeof dueAt === 'string' && due > 0;
}

function howPaid(payload: Announcements['invoice.finalized'], { timeZone }: MailContext): string {
  const { amount_due_minor: due, due_at: dueAt } = payload;
  if (due === 0) return 'Nothing is to be paid: it is covered by the balance.';
  return typeof dueAt === 'string'
    ? `No card is charged for it: please pay it on its page by ${formatTime(dueAt, timeZone)}.`
    : 'It is paid with the stored payment method; there is nothing to do.';
}

function lostCard(
  payload: Announcements['payment_method.removed'],
  context: MailContext,
): string[] {
  const { charged_at: chargedAt, status } = payload;
  const plan = plainName(payload.plan_name);
  const day = chargedAt === null ? '' : formatTime(chargedAt, context.timeZone);
  const charge =
    chargedAt === null
      ? []
      : status === 'trialing'
        ? [
            `The trial of ${plan} ends on ${day}. Without a card ${plan} cannot be paid from then on.`,
          ]
        : [`${plan} is charged next on ${day}. Without a card that invoice cannot be paid.`];
  const owed = payload.overage_mailed
    ? ['What was used past the limit comes as an invoice by mail, to be paid within 30 days.']
    : [];
  const blocked = payload.overage_blocked
    ? [
        'Conversions past the limit are refused from now on. Once a card is stored, charging for ' +
          'them can be switched on again.',
      ]
    : [];
  const removed = `The ${plainName(payload.brand)} card ending in ${plainName(payload.last4)} was removed.`;
  return [removed, ...charge, ...owed, ...blocked];
}

function failed(
  payload: Announcements['invoice.payment_failed'],
  context: MailContext,
): MailContent {
  const number = numberOf(payload);
  const facts = invoiceFacts(payload);
  const action = invoiceAction(payload, context, 'Pay the invoice');
  switch (payload.day) {
    case 0:
      return {
        subject: `${context.workspace}: invoice ${number} could not be paid`,
        paragraphs: [
          'The charge did not go through. It is tried again; a new card helps, or paying on the ' +
            "invoice's page.",
          payload.grace_ends_at === null
            ? 'The plan in force stays as it is.'
            : `Nothing is interrupted until ${formatTime(payload.grace_ends_at, context.timeZone)}.`,
        ],
        facts,
        action,
      };
    case 3:
      return {
        subject: `${context.workspace}: invoice ${number} is still unpaid`,
        paragraphs: [
          `Please pay it before ${formatTime(payload.grace_ends_at, context.timeZone)}. After that the Free plan's limits hold for ` +
            `${context.workspace}, and conversions past them are refused.`,
        ],
        facts,
        action,
      };
    case 7:
      return {
        subject: `${context.workspace}: the Free plan's limits hold until invoice ${number} is paid`,
        paragraphs: [
          'The time to pay is over. Files, usage and settings stay as they are; the limits of the ' +
            'plan are back as soon as the invoice is paid.',
        ],
        facts,
        action,
      };
  }
}

function numberOf({ number, invoice_id: id }: Invoice): string {
  return plainName(number ?? id);
}

function invoiceFacts(payload: Invoice): MailContent['facts'] & {} {
  const { total_minor: total, amount_due_minor: due, currency } = payload;
  return [
    ['Invoice', numberOf(payload)],
    ['Total', showMinor(total, currency)],
    ...(due === total ? [] : ([['Due', showMinor(due, currency)]] as const)),
  ];
}

function invoiceAction(payload: Invoice, { workspaceUrl }: MailContext, label = 'See the invoice') {
  const hosted = payload.hosted_invoice_url ?? '';
  // Only what the payment provider names, and only as a web address.
  return { label, url: /^https?:\/\//.test(hosted) ? hosted : `${workspaceUrl}/billing` };
}
