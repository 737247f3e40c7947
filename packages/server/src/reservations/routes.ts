import { defineRoute, type Route } from '../http/route.ts';
import {
  completeReservation,
  createReservation,
  findReservation,
  releaseReservation,
  renewReservation,
  type ReservationDeps,
} from './reservations.ts';
import {
  completeReservationSchema,
  createReservationSchema,
  newReservationSchema,
  releaseReservationSchema,
  renewReservationSchema,
  reservationSchema,
} from './schema.ts';

const base = '/v1/workspaces/:workspaceId/reservations';
const tag = 'Your own converter';
const mayWrite = { kind: 'workspace', scope: 'conversions:write' } as const;

/** Quota, metering and billing for conversions that the workspace does itself. */
export function reservationRoutes(deps: ReservationDeps): Route[] {
  return [create(deps), find, heartbeat(deps), complete(deps), release(deps)];
}

const create = (deps: ReservationDeps) =>
  defineRoute({
    method: 'POST',
    url: base,
    operationId: 'createReservation',
    summary: 'Reserve one conversion for a converter of your own',
    description:
      'Takes a unit and a slot, or answers what a conversion would be refused with. Complete or ' +
      'release it afterwards. Without a heartbeat the slot is free again after `lease_seconds`; ' +
      'the unit is held for 24 hours after the last heartbeat.',
    tag,
    access: mayWrite,
    body: createReservationSchema,
    responses: { 201: newReservationSchema },
    errors: [
      'quota_exceeded',
      'spend_cap_reached',
      'payment_overdue',
      'workspace_suspended',
      'file_too_large',
      'concurrency_limited',
    ],
    handler: async ({ ctx, body, caller, claim, reply }) => {
      const { reservation, usageWarning } = await createReservation(deps, ctx, body, {
        apiKeyId: caller.kind === 'api_key' ? caller.keyId : null,
        jobId: claim?.jobId,
      });
      if (usageWarning !== null) reply.header('mutate-usage-warning', usageWarning);
      return reservation;
    },
  });

const find = defineRoute({
  method: 'GET',
  url: `${base}/:reservationId`,
  operationId: 'getReservation',
  summary: 'One reservation',
  tag,
  access: { kind: 'workspace', scope: 'conversions:read' },
  responses: { 200: reservationSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => findReservation(ctx, params.reservationId),
});

const heartbeat = (deps: ReservationDeps) =>
  defineRoute({
    method: 'POST',
    url: `${base}/:reservationId/heartbeat`,
    operationId: 'renewReservation',
    summary: 'Hold a reservation for as long again',
    description: 'One that lapsed takes a slot again where there is room; else it keeps its unit.',
    tag,
    access: mayWrite,
    idempotency: false,
    body: renewReservationSchema,
    responses: { 200: reservationSchema },
    errors: [
      'not_found',
      'conflict',
      'concurrency_limited',
      'workspace_suspended',
      'payment_overdue',
    ],
    handler: ({ ctx, params, body }) =>
      renewReservation(deps, ctx, params.reservationId, body?.lease_seconds),
  });

const complete = (deps: ReservationDeps) =>
  defineRoute({
    method: 'POST',
    url: `${base}/:reservationId/complete`,
    operationId: 'completeReservation',
    summary: 'Count the conversion of a reservation',
    description: 'Exactly once: a repeat answers the same. Taken after the lease has lapsed, too.',
    tag,
    access: mayWrite,
    body: completeReservationSchema,
    responses: { 200: reservationSchema },
    errors: ['not_found', 'conflict'],
    handler: ({ ctx, params, body }) => completeReservation(deps, ctx, params.reservationId, body),
  });

const release = (deps: ReservationDeps) =>
  defineRoute({
    method: 'POST',
    url: `${base}/:reservationId/release`,
    operationId: 'releaseReservation',
    summary: 'Give a reservation back uncounted',
    tag,
    access: mayWrite,
    body: releaseReservationSchema,
    responses: { 200: reservationSchema },
    errors: ['not_found', 'conflict'],
    handler: ({ ctx, params, body }) => releaseReservation(deps, ctx, params.reservationId, body),
  });
