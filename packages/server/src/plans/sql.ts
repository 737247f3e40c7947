import { sql, type Statement } from '../db/sql.ts';
import type { ListQuery } from '../http/list.ts';

/**
 * Those offered to everybody and those made for this organization, in the order of the price list;
 * one more than asked for. Null is nobody's organization.
 */
export function listOfferedPlans(page: ListQuery, organizationId: string | null): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT plan_object(p.id, p.current_version) AS plan FROM subscription_plans p
    WHERE p.active AND (p.organization_id IS NULL OR p.organization_id = ${organizationId})
      AND (${after}::text IS NULL OR (p.position, p.id) > (
        SELECT a.position, a.id FROM subscription_plans a WHERE a.id = ${after}))
    ORDER BY p.position, p.id LIMIT ${page.limit + 1}`;
}

/** The current version of a plan that this organization may be on; locked against archiving. */
export function findPlanForOrganization(organizationId: string, planId: string): Statement {
  return sql`SELECT plan_object(p.id, p.current_version) AS plan FROM subscription_plans p
    WHERE p.id = ${planId} AND p.active
      AND (p.organization_id IS NULL OR p.organization_id = ${organizationId})
    FOR SHARE OF p`;
}
