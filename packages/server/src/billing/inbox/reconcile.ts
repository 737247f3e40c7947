import { type BillingDeps, platformContext } from '../deps.ts';
import { keepEvents, parseProviderEvent } from './inbox.ts';
import {
  claimComparison,
  deleteOldEvents,
  findCursor,
  listCustomers,
  updateCursor,
} from './reconcile-sql.ts';
import { enlistLatecomers } from '../plan-migrations/enlist-subscribers.ts';
import { prepareRenewal } from './renewal.ts';
import type { Stripe } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Events can become visible late: that much is read again each time. */
const overlapMs = hourMs;
/** Stripe keeps events that long. */
const keptMs = 30 * dayMs;
const pageSize = 100;

/**
 * Finds what webhooks did not tell: reads the provider's own list of events from where it was read
 * to, and looks at the renewals that wait. Webhooks may be lost for weeks without anything being
 * lost; any number of processes may do this at once.
 */
export async function reconcile(deps: BillingDeps): Promise<void> {
  await deps.verifyAccount();
  await prepareWaitingRenewals(deps);
  await readEvents(deps);
  await compareAll(deps);
  await enlistLatecomers(platformContext(deps));
}

/** A draft that was never answered for, because we were away or failed at it. */
async function prepareWaitingRenewals(deps: BillingDeps): Promise<void> {
  const drafts = deps.stripe.invoices.list({ status: 'draft', limit: pageSize });
  for await (const { id, billing_reason: reason } of drafts) {
    if (reason !== 'subscription_cycle') continue;
    await prepareRenewal(deps, id).catch((error: unknown) => {
      deps.log.warn({ err: error, invoice: id }, 'a renewal could not be prepared; trying again');
    });
  }
}

async function readEvents(deps: BillingDeps): Promise<void> {
  const [row] = await deps.db.query<{ read_until: string }>(findCursor());
  const now = deps.clock.now();
  const cursor = row === undefined ? now.getTime() : Date.parse(row.read_until);
  const fromMs = Math.max(cursor - overlapMs, now.getTime() - keptMs);
  const list = deps.stripe.events.list({
    created: { gte: Math.floor(fromMs / 1000) },
    limit: pageSize,
  });
  let page: Stripe.Event[] = [];
  let found = 0;
  const keep = async (): Promise<void> => {
    found += await keepEvents(deps, page.map(parseProviderEvent), 'reconciler');
    page = [];
  };
  for await (const event of list) {
    page.push(event);
    if (page.length === pageSize) await keep();
  }
  await keep();
  await deps.db.query(updateCursor(now));
  if (found > 0) deps.log.info({ events: found }, 'found events that no webhook had told of');
}

/** Once a day every customer is looked at, whatever events say; and old events are forgotten. */
async function compareAll(deps: BillingDeps): Promise<void> {
  const now = deps.clock.now();
  const since = new Date(now.getTime() - dayMs);
  const claimed = await deps.db.query(claimComparison(now, since));
  if (claimed.length === 0) return;
  await deps.db.query(deleteOldEvents(new Date(now.getTime() - 2 * keptMs)));
  for (let after = ''; ;) {
    const page = await deps.db.query<{ organization_id: string }>(listCustomers(after));
    if (page.length === 0) return;
    for (const { organization_id: organizationId } of page) {
      await syncOrganization(deps, organizationId).catch((error: unknown) => {
        deps.log.warn({ err: error, organizationId }, 'a workspace could not be compared');
      });
      after = organizationId;
    }
  }
}
