import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { NotificationDeps } from '../deps.ts';
import { announce } from '../outbox.ts';
import { cancelWaitingDeliveries, type DueDelivery } from './delivery-sql.ts';
import type { Endpoint } from './schema.ts';
import { disableEndpoint } from './sql.ts';

/** Switches off an endpoint that wants nothing more, or has failed for days, and tells its people. */
export async function switchOff(
  deps: NotificationDeps,
  delivery: DueDelivery,
  reason: 'gone' | 'failing',
  failingSince: string | null,
): Promise<void> {
  const { organization_id: organizationId, endpoint_id: id } = delivery;
  const now = deps.clock.now();
  const ctx: Context = {
    ...deps,
    actor: { kind: 'system', id: 'webhooks' },
    requestId: newId('req', now.getTime()),
    organization: { id: organizationId },
  };
  await deps.db.transaction(async (tx) => {
    const [endpoint] = await tx.query<Endpoint>(disableEndpoint(organizationId, id, reason, now));
    if (endpoint === undefined) return;
    await tx.query(cancelWaitingDeliveries(organizationId, id));
    await announce(tx, ctx, {
      topic: 'webhook_endpoint.disabled',
      dedupeKey: `webhook_endpoint.disabled:${id}:${delivery.id}:${delivery.attempts}`,
      payload: { endpoint_id: id, url: endpoint.url, reason, failing_since: failingSince },
    });
    await appendAudit(tx, ctx, {
      action: 'webhook_endpoint.disabled',
      target: { kind: 'webhook_endpoint', id },
      before: { active: true },
      after: { active: false },
      reason,
    });
  });
  deps.log.info({ endpoint_id: id, reason }, 'a webhook endpoint was switched off');
}
