import type { Queryable } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import type { NotificationDeps } from '../deps.ts';
import type { WaitingAnnouncement } from '../sql.ts';
import type { Announcements } from '../topics.ts';
import { insertDelivery, insertEvent } from './delivery-sql.ts';
import { isWebhookEventType, type WebhookEventType } from './events.ts';
import { listEndpointsFor } from './sql.ts';

/** Makes one delivery for each endpoint that wants an announcement; in the caller's transaction. */
export async function queueWebhooks(
  tx: Queryable,
  deps: NotificationDeps,
  announcement: WaitingAnnouncement,
): Promise<number> {
  const { organization_id: organizationId, topic } = announcement;
  if (!isWebhookEventType(topic)) return 0;
  const endpoints = await tx.query<{ id: string }>(listEndpointsFor(organizationId, topic));
  if (endpoints.length === 0) return 0;
  const data = await dataOf(tx, deps, announcement, topic);
  if (data === null) return 0;
  const id = newId('evt', Date.now());
  const timestamp = announcement.created_at;
  await tx.query(
    insertEvent({
      organizationId,
      id,
      outboxId: announcement.id,
      type: topic,
      body: JSON.stringify({ type: topic, timestamp, data }),
      createdAt: timestamp,
    }),
  );
  for (const endpoint of endpoints) {
    const deliveryId = newId('dlv', Date.now());
    await tx.query(insertDelivery(organizationId, deliveryId, endpoint.id, id));
  }
  return endpoints.length;
}

/** The wire's own object where there is one, and what was announced. Null: it is gone. */
async function dataOf(
  tx: Queryable,
  deps: NotificationDeps,
  { organization_id: organizationId, payload, announced }: WaitingAnnouncement,
  topic: WebhookEventType,
): Promise<object | null> {
  const told = payload as Announcements[WebhookEventType];
  if (topic === 'conversion.succeeded' || topic === 'conversion.failed') {
    return deps.presentConversion(tx, organizationId, (told as { job_id: string }).job_id);
  }
  const data = { workspace_id: organizationId, ...told };
  return topic === 'subscription.changed'
    ? { ...data, subscription: announced }
    : { ...announced, ...data };
}
