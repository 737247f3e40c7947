import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';
import type { CreatePlan } from './admin-schema.ts';
import type { Terms } from './plan-terms.ts';

const adminPlan = sql`plan_object(p.id, p.current_version) || jsonb_build_object(
  'workspace_id', p.organization_id, 'position', p.position,
  'workspace_count', (SELECT count(*) FROM organization_subscriptions s WHERE s.plan_id = p.id),
  'created_at', rfc3339(p.created_at), 'updated_at', rfc3339(p.updated_at))`;

export interface PlanFilter {
  readonly active?: boolean | undefined;
  readonly workspace_id?: string | undefined;
}

/** All there are, in the order of the price list; one more than asked for. */
export function listAllPlans(page: ListQuery, filter: PlanFilter): Statement {
  const after = page.starting_after ?? null;
  const { active = null, workspace_id: workspaceId = null } = filter;
  return sql`SELECT p.id, ${adminPlan} AS plan FROM subscription_plans p
    WHERE (${active}::boolean IS NULL OR p.active = ${active})
      AND (${workspaceId}::text IS NULL OR p.organization_id = ${workspaceId})
      AND (${after}::text IS NULL OR (p.position, p.id) > (
        SELECT a.position, a.id FROM subscription_plans a WHERE a.id = ${after}))
    ORDER BY p.position, p.id LIMIT ${page.limit + 1}`;
}

export function findAnyPlan(planId: string): Statement {
  return sql`SELECT ${adminPlan} || jsonb_build_object('versions', (
      SELECT jsonb_agg((plan_object(v.plan_id, v.version) - '{object,id,name,active,self_service}'::text[])
        || jsonb_build_object('created_at', rfc3339(v.created_at), 'workspace_count', (
          SELECT count(*) FROM organization_subscriptions s
          WHERE s.plan_id = v.plan_id AND s.plan_version = v.version))
        ORDER BY v.version DESC)
      FROM subscription_plan_versions v WHERE v.plan_id = p.id)) AS plan
    FROM subscription_plans p WHERE p.id = ${planId}`;
}

/** Locked until the transaction ends: versions are made one after the other. */
export function lockPlan(planId: string): Statement {
  return sql`SELECT id FROM subscription_plans WHERE id = ${planId} FOR UPDATE`;
}

/** No row: the id is taken. */
export function insertPlan(planId: string, plan: CreatePlan, asOf: Date): Statement {
  return sql`INSERT INTO subscription_plans (id, name, organization_id, self_service, position,
      created_at, updated_at)
    VALUES (${planId}, ${plan.name}, ${plan.workspace_id ?? null}, ${plan.self_service},
      ${plan.position}::integer, ${asOf}, ${asOf})
    ON CONFLICT (id) DO NOTHING RETURNING id`;
}

export function insertPlanVersion(
  planId: string,
  version: number,
  terms: Terms,
  features: Readonly<Record<string, unknown>>,
  asOf: Date,
): Statement {
  return sql`WITH version AS (
      INSERT INTO subscription_plan_versions (plan_id, version, monthly_conversion_limit,
        concurrent_conversion_limit, max_file_size_mb, rate_limit_per_minute, overage_policies,
        features, created_at)
      VALUES (${planId}, ${version}::integer, ${terms.monthly_conversion_limit}::bigint,
        ${terms.concurrent_conversion_limit}::integer, ${terms.max_file_size_mb}::integer,
        ${terms.rate_limit_per_minute}::integer, ${terms.overage_policies}::text[],
        ${JSON.stringify(features)}::jsonb, ${asOf})
    ), current AS (
      UPDATE subscription_plans SET current_version = ${version}::integer, updated_at = ${asOf}
      WHERE id = ${planId}
    )
    INSERT INTO subscription_plan_prices (plan_id, version, currency, interval, amount_minor,
      overage_amount, overage_amounts_by_type, overage_tiers)
    SELECT ${planId}, ${version}::integer, x.currency, x.interval, x.amount_minor,
      x.overage_amount, nullif(x.overage_amounts_by_type, 'null'), nullif(x.overage_tiers, 'null')
    FROM jsonb_to_recordset(${JSON.stringify(terms.prices)}::jsonb) AS x (currency text,
      interval text, amount_minor bigint, overage_amount numeric, overage_amounts_by_type jsonb,
      overage_tiers jsonb)`;
}

/** Of the plan itself and, in place, the features of its current version. */
export function updatePlanFacts(
  planId: string,
  facts: {
    name: string;
    self_service: boolean;
    position: number;
    active: boolean;
    features: Readonly<Record<string, unknown>>;
  },
  asOf: Date,
): Statement {
  return sql`WITH plan AS (
      UPDATE subscription_plans SET name = ${facts.name}, self_service = ${facts.self_service},
        position = ${facts.position}::integer, active = ${facts.active}, updated_at = ${asOf}
      WHERE id = ${planId} RETURNING id, current_version
    )
    UPDATE subscription_plan_versions v SET features = ${JSON.stringify(facts.features)}::jsonb
    FROM plan WHERE v.plan_id = plan.id AND v.version = plan.current_version`;
}
