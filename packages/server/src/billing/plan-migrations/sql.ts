import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';

const migration = sql`m.id, 'plan_migration' AS object, m.plan_id, m.to_version, m.effective_at,
  m.created_at, (
    SELECT jsonb_build_object('waiting', count(*) FILTER (WHERE v.status = 'waiting'),
      'scheduled', count(*) FILTER (WHERE v.status = 'scheduled'),
      'moved', count(*) FILTER (WHERE v.status = 'moved'),
      'skipped', count(*) FILTER (WHERE v.status = 'skipped'))
    FROM plan_migration_moves v WHERE v.migration_id = m.id) AS workspaces`;

export function findMigration(id: string): Statement {
  return sql`SELECT ${migration} FROM plan_migrations m WHERE m.id = ${id}`;
}

/** Of a plan, newest first; one more than asked for. */
export function listMigrations(planId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT ${migration} FROM plan_migrations m
    WHERE m.plan_id = ${planId} AND (${after}::text IS NULL OR m.id < ${after})
    ORDER BY m.id DESC LIMIT ${page.limit + 1}`;
}

/** No row: there is such a migration already. */
export function insertMigration(
  row: { id: string; planId: string; toVersion: number; effectiveAt: Date },
  createdBy: object,
  asOf: Date,
): Statement {
  return sql`INSERT INTO plan_migrations (id, plan_id, to_version, effective_at, created_by,
      created_at)
    VALUES (${row.id}, ${row.planId}, ${row.toVersion}::integer, ${row.effectiveAt},
      ${JSON.stringify(createdBy)}::jsonb, ${asOf})
    ON CONFLICT DO NOTHING RETURNING id`;
}

/** Who is on an older version, and when the billing period ends in which its turn comes. */
export interface OldSubscriber {
  readonly organization_id: string;
  readonly subscription_id: string;
  readonly plan_name: string;
  readonly plan_version: number;
  readonly status: string;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  readonly is_paying: boolean;
  readonly move_at: string;
}

/** Currencies and intervals that those on an older version pay. */
export function listPaidPrices(planId: string, below: number): Statement {
  return sql`SELECT DISTINCT currency, interval FROM organization_subscriptions
    WHERE plan_id = ${planId} AND plan_version < ${below}::integer
      AND stripe_subscription_id IS NOT NULL`;
}

export interface Enlisting {
  readonly id: string;
  readonly plan_id: string;
  readonly to_version: number;
  readonly effective_at: string;
}

/** All that were ever made: somebody may come to an older version after the date, too. */
export function listAllMigrations(): Statement {
  return sql`SELECT id, plan_id, to_version, effective_at FROM plan_migrations ORDER BY id`;
}

/** Who is on an older version and not enlisted; whose turn it is counts from the later of both. */
export function listOldSubscribers(enlisting: Enlisting, limit: number, asOf: Date): Statement {
  const { id, plan_id: planId, to_version: below, effective_at: effectiveAt } = enlisting;
  return sql`SELECT s.organization_id, s.id AS subscription_id, p.name AS plan_name,
      s.plan_version, s.status, s.interval, s.currency,
      s.stripe_subscription_id IS NOT NULL AS is_paying,
      CASE WHEN s.stripe_subscription_id IS NOT NULL AND s.current_period_end >= d.at
        THEN s.current_period_end ELSE b.period_end END AS move_at
    FROM organization_subscriptions s
    JOIN subscription_plans p ON p.id = s.plan_id
    CROSS JOIN LATERAL (
      SELECT greatest(${effectiveAt}::timestamptz, ${asOf}::timestamptz) AS at) d
    CROSS JOIN LATERAL subscription_period(s.usage_anchor, d.at, s.interval) b
    WHERE s.plan_id = ${planId} AND s.plan_version < ${below}::integer
      AND NOT EXISTS (SELECT FROM plan_migration_moves v
        WHERE v.organization_id = s.organization_id AND v.migration_id = ${id})
    ORDER BY s.organization_id LIMIT ${limit}::integer`;
}

/** No row: it is enlisted already. */
export function insertMove(
  organizationId: string,
  migrationId: string,
  move: { fromVersion: number; moveAt: Date },
): Statement {
  return sql`INSERT INTO plan_migration_moves (organization_id, migration_id, from_version, move_at)
    VALUES (${organizationId}, ${migrationId}, ${move.fromVersion}::integer, ${move.moveAt})
    ON CONFLICT DO NOTHING RETURNING organization_id`;
}

export interface Move {
  readonly migration_id: string;
  readonly plan_id: string;
  readonly to_version: number;
  readonly effective_at: string;
  readonly move_at: string;
}

/** No row: it is settled. */
export function findOpenMove(organizationId: string, migrationId: string): Statement {
  return sql`SELECT v.migration_id, m.plan_id, m.to_version, m.effective_at, v.move_at
    FROM plan_migration_moves v JOIN plan_migrations m ON m.id = v.migration_id
    WHERE v.organization_id = ${organizationId} AND v.migration_id = ${migrationId}
      AND v.status IN ('waiting', 'scheduled')`;
}

export function updateMove(
  organizationId: string,
  migrationId: string,
  move: { status: 'scheduled' | 'moved' | 'skipped'; moveAt: Date },
  asOf: Date,
): Statement {
  return sql`UPDATE plan_migration_moves SET status = ${move.status}, move_at = ${move.moveAt},
      settled_at = CASE ${move.status} WHEN 'scheduled' THEN NULL ELSE ${asOf}::timestamptz END
    WHERE organization_id = ${organizationId} AND migration_id = ${migrationId}`;
}

/** No row: it is on another plan or version by now. */
export function updatePlanVersion(organizationId: string, move: Move, asOf: Date): Statement {
  return sql`UPDATE organization_subscriptions SET plan_version = ${move.to_version}::integer,
      updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND plan_id = ${move.plan_id}
      AND plan_version < ${move.to_version}::integer AND stripe_subscription_id IS NULL
    RETURNING id, interval, status,
      (SELECT name FROM subscription_plans WHERE id = ${move.plan_id}) AS plan_name`;
}
