import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { AppError, notFound } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import { newId } from '../../ids.ts';
import {
  findDelivery as findDeliveryStatement,
  insertDelivery,
  insertEvent,
  listDeliveries as listDeliveriesStatement,
  updateDeliveryWaiting,
} from './delivery-sql.ts';
import { findEndpoint } from './endpoints.ts';
import { testEventType } from './events.ts';
import type { Delivery, DeliveryDetail } from './schema.ts';
import { holdEndpoint } from './sql.ts';

/** A page of an endpoint's deliveries, newest first. @throws AppError `not_found` */
export async function listDeliveries(
  ctx: Context,
  endpointId: string,
  page: ListQuery & { status?: string | undefined },
): Promise<List<Delivery>> {
  await findEndpoint(ctx, endpointId);
  const statement = listDeliveriesStatement(
    ctx.organization.id,
    endpointId,
    page,
    page.status ?? null,
  );
  return toList(await ctx.db.query<Delivery>(statement), page.limit);
}

/** One, with what was sent and each attempt's answer. @throws AppError `not_found` */
export async function findDelivery(
  ctx: Context,
  endpointId: string,
  id: string,
): Promise<DeliveryDetail> {
  const statement = findDeliveryStatement(ctx.organization.id, endpointId, id);
  const [found] = await ctx.db.query<DeliveryDetail>(statement);
  if (found === undefined) throw notFound('delivery');
  return found;
}

/**
 * Sends one again, at once and then by the whole schedule, under the same `webhook-id`.
 *
 * @throws AppError `not_found`; `conflict` where the endpoint is off or an attempt is under way
 */
export async function redeliver(ctx: Context, endpointId: string, id: string): Promise<Delivery> {
  return ctx.db.transaction(async (tx) => {
    await requireActive(tx, ctx, endpointId);
    const before = await pick(tx, ctx, endpointId, id);
    const again = await tx.query(updateDeliveryWaiting(ctx.organization.id, id));
    if (again.length === 0) {
      throw new AppError('conflict', 'The delivery is being sent just now. Wait for its result.');
    }
    await appendAudit(tx, ctx, {
      action: 'webhook_delivery.sent_again',
      target: { kind: 'webhook_delivery', id },
      before: { status: before.status },
      after: { status: 'waiting' },
    });
    return pick(tx, ctx, endpointId, id);
  });
}

/**
 * Sends a `webhook.test` event to this endpoint, whatever its filter; tried once.
 *
 * @throws AppError `not_found`; `conflict` where the endpoint is off
 */
export async function sendTest(ctx: Context, endpointId: string): Promise<Delivery> {
  const organizationId = ctx.organization.id;
  const now = ctx.clock.now();
  const [eventId, deliveryId] = [newId('evt', Date.now()), newId('dlv', Date.now())];
  const data = { workspace_id: organizationId, endpoint_id: endpointId };
  return ctx.db.transaction(async (tx) => {
    await requireActive(tx, ctx, endpointId);
    await tx.query(
      insertEvent({
        organizationId,
        id: eventId,
        outboxId: null,
        type: testEventType,
        body: JSON.stringify({ type: testEventType, timestamp: now.toISOString(), data }),
        createdAt: now,
      }),
    );
    await tx.query(insertDelivery(organizationId, deliveryId, endpointId, eventId));
    return pick(tx, ctx, endpointId, deliveryId);
  });
}

/** On until the transaction ends: what is made for an endpoint that goes off is cancelled with it. */
async function requireActive(tx: Queryable, ctx: Context, endpointId: string): Promise<void> {
  const statement = holdEndpoint(ctx.organization.id, endpointId);
  const [endpoint] = await tx.query<{ active: boolean }>(statement);
  if (endpoint === undefined) throw notFound('webhook endpoint');
  if (endpoint.active) return;
  throw new AppError('conflict', 'The endpoint is switched off. Set "active" to true first.');
}

async function pick(
  tx: Queryable,
  ctx: Context,
  endpointId: string,
  id: string,
): Promise<Delivery> {
  const statement = findDeliveryStatement(ctx.organization.id, endpointId, id);
  const [found] = await tx.query<DeliveryDetail>(statement);
  if (found === undefined) throw notFound('delivery');
  const { request_body: _body, tries: _tries, ...delivery } = found;
  return delivery;
}
