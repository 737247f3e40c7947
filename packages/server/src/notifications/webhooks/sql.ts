import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';
import type { UpdateEndpoint } from './schema.ts';

/** A row is the wire's `webhook_endpoint`. */
const columns = sql`e.id, 'webhook_endpoint' AS object, e.organization_id AS workspace_id, e.url,
  e.description, e.events, e.active, e.disabled_reason, e.failing_since,
  CASE WHEN e.previous_secret_until > clock_timestamp() THEN e.previous_secret_until END
    AS previous_secret_until, e.created_at, e.updated_at`;

export interface NewEndpoint {
  readonly organizationId: string;
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  readonly events: readonly string[] | null;
  readonly active: boolean;
  readonly secretSealed: string;
  readonly createdBy: { readonly kind: string; readonly id: string };
}

/** None where the workspace has as many as it may: decided under its row's lock. */
export function insertEndpoint(row: NewEndpoint, endpointsMax: number, asOf: Date): Statement {
  return sql`INSERT INTO webhook_endpoints AS e (organization_id, id, url, description, events,
      active, secret_sealed, created_by, created_at, updated_at)
    SELECT ${row.organizationId}, ${row.id}, ${row.url}, ${row.description},
      ${row.events}::text[], ${row.active}::boolean, ${row.secretSealed},
      ${JSON.stringify(row.createdBy)}::jsonb, ${asOf}::timestamptz, ${asOf}::timestamptz
    WHERE (SELECT count(*) FROM webhook_endpoints c
      WHERE c.organization_id = ${row.organizationId}) < ${endpointsMax}::integer
    RETURNING ${columns}`;
}

export function listEndpoints(organizationId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${columns} FROM webhook_endpoints e
    WHERE e.organization_id = ${organizationId} AND (${after}::text IS NULL OR e.id < ${after})
    ORDER BY e.id DESC LIMIT ${page.limit + 1}`;
}

export function findEndpointById(organizationId: string, id: string): Statement {
  return sql`SELECT ${columns} FROM webhook_endpoints e
    WHERE e.organization_id = ${organizationId} AND e.id = ${id}`;
}

export function lockEndpointById(organizationId: string, id: string): Statement {
  return sql`SELECT ${columns} FROM webhook_endpoints e
    WHERE e.organization_id = ${organizationId} AND e.id = ${id} FOR NO KEY UPDATE`;
}

/** Nobody switches it off before the transaction ends. */
export function holdEndpoint(organizationId: string, id: string): Statement {
  return sql`SELECT e.active FROM webhook_endpoints e
    WHERE e.organization_id = ${organizationId} AND e.id = ${id} FOR SHARE`;
}

/** What is undefined stays. Switched on, or sent to another place, it begins without a past. */
export function updateEndpointById(
  organizationId: string,
  id: string,
  patch: UpdateEndpoint,
  asOf: Date,
): Statement {
  const hasDescription = patch.description !== undefined;
  const hasEvents = patch.events !== undefined;
  const isRenewed = patch.active === true || patch.url !== undefined;
  return sql`UPDATE webhook_endpoints e SET
      url = coalesce(${patch.url ?? null}, e.url),
      description = CASE WHEN ${hasDescription}::boolean THEN ${patch.description ?? null}
        ELSE e.description END,
      events = CASE WHEN ${hasEvents}::boolean THEN ${patch.events ?? null}::text[]
        ELSE e.events END,
      active = coalesce(${patch.active ?? null}::boolean, e.active),
      disabled_reason = CASE WHEN ${patch.active ?? null}::boolean IS NULL
        THEN e.disabled_reason END,
      failing_since = CASE WHEN NOT ${isRenewed}::boolean THEN e.failing_since END,
      slow = e.slow AND NOT ${isRenewed}::boolean,
      updated_at = ${asOf}::timestamptz
    WHERE e.organization_id = ${organizationId} AND e.id = ${id}
    RETURNING ${columns}`;
}

export function rotateEndpointSecret(
  organizationId: string,
  id: string,
  secretSealed: string,
  overlapHours: number,
  asOf: Date,
): Statement {
  return sql`UPDATE webhook_endpoints e SET secret_sealed = ${secretSealed},
      previous_secret_sealed = e.secret_sealed,
      previous_secret_until = clock_timestamp() + make_interval(hours => ${overlapHours}::integer),
      updated_at = ${asOf}::timestamptz
    WHERE e.organization_id = ${organizationId} AND e.id = ${id}
    RETURNING ${columns}`;
}

export function deleteEndpointById(organizationId: string, id: string): Statement {
  return sql`DELETE FROM webhook_endpoints e
    WHERE e.organization_id = ${organizationId} AND e.id = ${id} RETURNING ${columns}`;
}

/** None where it is off already. */
export function disableEndpoint(
  organizationId: string,
  id: string,
  reason: 'gone' | 'failing',
  asOf: Date,
): Statement {
  return sql`UPDATE webhook_endpoints e SET active = false, disabled_reason = ${reason},
      updated_at = ${asOf}::timestamptz
    WHERE e.organization_id = ${organizationId} AND e.id = ${id} AND e.active
    RETURNING ${columns}`;
}

/** Secrets from before a rotation, once they sign nothing any more. */
export const forgetPreviousSecrets = sql`UPDATE webhook_endpoints
  SET previous_secret_sealed = NULL, previous_secret_until = NULL
  WHERE previous_secret_until <= clock_timestamp()`;

/** Those that want an event of this type; none is switched off before the transaction ends. */
export function listEndpointsFor(organizationId: string, type: string): Statement {
  return sql`SELECT id FROM webhook_endpoints
    WHERE organization_id = ${organizationId} AND active
      AND (events IS NULL OR ${type} = ANY (events))
    ORDER BY id FOR SHARE`;
}
