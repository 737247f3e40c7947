import { sql, type Statement } from '../../db/sql.ts';

export function findCustomerId(organizationId: string): Statement {
  return sql`SELECT stripe_customer_id, billing_sync_number FROM organization_subscriptions
    WHERE organization_id = ${organizationId}`;
}

/** The first one that is kept stays. */
export function keepCustomerId(organizationId: string, customerId: string): Statement {
  return sql`UPDATE organization_subscriptions SET stripe_customer_id = ${customerId}
    WHERE organization_id = ${organizationId} AND stripe_customer_id IS NULL`;
}

export function findOrganizationOfCustomer(customerId: string): Statement {
  return sql`SELECT organization_id FROM organization_subscriptions
    WHERE stripe_customer_id = ${customerId}`;
}
