import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { AppError, notFound } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import { checkTarget, TargetRefused } from '../../http/outbound/outbound-target.ts';
import { invalidRequest } from '../../http/validation.ts';
import { newId } from '../../ids.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import type { NotificationDeps } from '../deps.ts';
import { cancelWaitingDeliveries, deleteEventsOf } from './delivery-sql.ts';
import type { CreateEndpoint, Endpoint, UpdateEndpoint } from './schema.ts';
import { newWebhookSecret, secretPlace } from './secret.ts';
import {
  deleteEndpointById,
  findEndpointById,
  insertEndpoint,
  listEndpoints as listEndpointsStatement,
  lockEndpointById,
  rotateEndpointSecret,
  updateEndpointById,
} from './sql.ts';

const endpointsMax = 20;
const overlapHours = 24;

/**
 * Makes an endpoint. Its secret is in this answer only.
 *
 * @throws AppError `invalid_request` for a URL that we do not send to; `conflict` above 20 endpoints
 */
export async function createEndpoint(
  ctx: Context,
  deps: NotificationDeps,
  input: CreateEndpoint,
): Promise<Endpoint & { secret: string }> {
  requireTarget(deps, input.url);
  const { id: organizationId } = ctx.organization;
  const asOf = ctx.clock.now();
  const id = newId('whk', asOf.getTime());
  const secret = newWebhookSecret();
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const [made] = await tx.query<Endpoint>(
      insertEndpoint(
        {
          organizationId,
          id,
          url: input.url,
          description: input.description ?? null,
          events: input.events ?? null,
          active: input.active ?? true,
          secretSealed: deps.secrets.seal(secret, secretPlace(organizationId, id)),
          createdBy: { kind: ctx.actor.kind, id: ctx.actor.id },
        },
        endpointsMax,
        asOf,
      ),
    );
    if (made === undefined) {
      const message = `A workspace has at most ${endpointsMax} webhook endpoints. Delete one first.`;
      throw new AppError('conflict', message);
    }
    await audit(tx, ctx, 'webhook_endpoint.created', null, made);
    return { ...made, secret };
  });
}

export async function listEndpoints(ctx: Context, page: ListQuery): Promise<List<Endpoint>> {
  const statement = listEndpointsStatement(ctx.organization.id, page);
  return toList(await ctx.db.query<Endpoint>(statement), page.limit);
}

/** @throws AppError `not_found` */
export async function findEndpoint(ctx: Context, id: string): Promise<Endpoint> {
  const [found] = await ctx.db.query<Endpoint>(findEndpointById(ctx.organization.id, id));
  return found ?? refuseUnknown();
}

/**
 * Changes what is given. Switched off, what waits for it is cancelled; switched on, it begins without a
 * past, and gets what happens from then on.
 *
 * @throws AppError `not_found`, `invalid_request`
 */
export async function updateEndpoint(
  ctx: Context,
  deps: NotificationDeps,
  id: string,
  patch: UpdateEndpoint,
): Promise<Endpoint> {
  if (patch.url !== undefined) requireTarget(deps, patch.url);
  const { id: organizationId } = ctx.organization;
  return changeEndpoint(ctx, id, 'webhook_endpoint.updated', async (tx) => {
    if (patch.active === false) await tx.query(cancelWaitingDeliveries(organizationId, id));
    return tx.query<Endpoint>(updateEndpointById(organizationId, id, patch, ctx.clock.now()));
  });
}

/** A new secret, shown once; for 24 hours the old one signs beside it. @throws AppError `not_found` */
export async function rotateSecret(
  ctx: Context,
  deps: NotificationDeps,
  id: string,
): Promise<Endpoint & { secret: string }> {
  const { id: organizationId } = ctx.organization;
  const secret = newWebhookSecret();
  const sealed = deps.secrets.seal(secret, secretPlace(organizationId, id));
  const changed = await changeEndpoint(ctx, id, 'webhook_endpoint.secret_rotated', (tx) =>
    tx.query<Endpoint>(
      rotateEndpointSecret(organizationId, id, sealed, overlapHours, ctx.clock.now()),
    ),
  );
  return { ...changed, secret };
}

/** Deletes an endpoint with its deliveries and what no other was sent. @throws AppError `not_found` */
export async function deleteEndpoint(ctx: Context, id: string) {
  return ctx.db.transaction(async (tx) => {
    await tx.query(lockEndpointById(ctx.organization.id, id));
    await tx.query(deleteEventsOf(ctx.organization.id, id));
    const [gone] = await tx.query<Endpoint>(deleteEndpointById(ctx.organization.id, id));
    if (gone === undefined) return refuseUnknown();
    await audit(tx, ctx, 'webhook_endpoint.deleted', gone, null);
    return { id, object: 'webhook_endpoint' as const, deleted: true as const };
  });
}

async function changeEndpoint(
  ctx: Context,
  id: string,
  action: string,
  change: (tx: Queryable) => Promise<Endpoint[]>,
): Promise<Endpoint> {
  return ctx.db.transaction(async (tx) => {
    const [before] = await tx.query<Endpoint>(lockEndpointById(ctx.organization.id, id));
    if (before === undefined) return refuseUnknown();
    const [after = before] = await change(tx);
    await audit(tx, ctx, action, before, after);
    return after;
  });
}

function refuseUnknown(): never {
  throw notFound('webhook endpoint');
}

/** A URL may hold a token of the receiver's: the log of changes shows its host. */
async function audit(
  tx: Queryable,
  ctx: Context,
  action: string,
  before: Endpoint | null,
  after: Endpoint | null,
): Promise<void> {
  const id = (after ?? before)?.id ?? '';
  const facts = (endpoint: Endpoint | null) =>
    endpoint === null
      ? null
      : {
          host: new URL(endpoint.url).host,
          events: endpoint.events,
          description: endpoint.description,
          active: endpoint.active,
        };
  await appendAudit(tx, ctx, {
    action,
    target: { kind: 'webhook_endpoint', id },
    before: facts(before),
    after: facts(after),
  });
}

function requireTarget({ webhooks }: NotificationDeps, url: string): void {
  try {
    checkTarget(url, { allowedHosts: webhooks.allowedHosts, httpsOnly: true });
  } catch (error) {
    if (!(error instanceof TargetRefused)) throw error;
    const detail = 'must be the https URL of a public host, without a user name, on a usual port';
    throw invalidRequest([{ pointer: '/body/url', detail }]);
  }
}
