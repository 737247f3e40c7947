import type { Document, Invoice, Subscription, SubscriptionSchedule } from '../store/documents.ts';
import type { CheckoutSession, ClockDocument, Delivery } from '../store/payment-documents.ts';

const incompleteSeconds = 23 * 3600;
export const trialNoticeSeconds = 3 * 86_400;

/** When something happens to a document by itself, in its own time; null: never. */
export function dueOf(document: Readonly<Document>): number | null {
  switch (document.object) {
    case 'subscription':
      return subscriptionDue(document as Subscription);
    case 'invoice':
      return invoiceDue(document as Invoice);
    case 'subscription_schedule':
      return scheduleDue(document as SubscriptionSchedule);
    case 'checkout.session': {
      const session = document as CheckoutSession;
      return session.status === 'open' ? session.expires_at : null;
    }
    case 'sim.delivery': {
      const delivery = document as Delivery;
      return delivery.status === 'pending' ? delivery.due : null;
    }
    case 'sim.clock':
      return (document as ClockDocument).tidy_at;
    default:
      return null;
  }
}

function subscriptionDue(subscription: Subscription): number | null {
  const { status } = subscription;
  if (status === 'incomplete') return subscription.created + incompleteSeconds;
  if (subscription.ended_at !== null || status === 'incomplete_expired' || status === 'paused') {
    return null;
  }
  return Math.min(
    ...subscription.items.data.map((item) => item.current_period_end),
    ...[
      subscription.cancel_at,
      subscription.pending_update?.expires_at,
      subscription.pause_collection?.resumes_at,
      noticeDue(subscription),
    ].filter((at) => typeof at === 'number'),
  );
}

/** `trial_will_end` comes three days before the end of a trial that is longer than that. */
function noticeDue(subscription: Subscription): number | null {
  const { status, trial_end: end, sim_trial_notice_sent: isSent } = subscription;
  return status === 'trialing' && end !== null && !isSent ? end - trialNoticeSeconds : null;
}

function invoiceDue(invoice: Invoice): number | null {
  if (invoice.status === 'draft') return invoice.sim_finalize_at;
  return invoice.status === 'open' ? invoice.next_payment_attempt : null;
}

function scheduleDue(schedule: SubscriptionSchedule): number | null {
  if (schedule.status === 'not_started') return schedule.phases[0]?.start_date ?? null;
  return schedule.status === 'active' ? (schedule.current_phase?.end_date ?? null) : null;
}
