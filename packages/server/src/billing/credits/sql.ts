import { sql, type Statement } from '../../db/sql.ts';

export interface CreditRow {
  readonly id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly reason: string;
}

export function findPayingCurrency(organizationId: string): Statement {
  return sql`SELECT fixed_currency(organization_id) AS fixed_currency FROM organization_subscriptions
    WHERE organization_id = ${organizationId}`;
}

export function fixCurrency(organizationId: string, currency: string): Statement {
  return sql`UPDATE organization_subscriptions SET paid_currency = ${currency},
      currency = CASE WHEN stripe_subscription_id IS NULL THEN ${currency} ELSE currency END
    WHERE organization_id = ${organizationId} AND paid_currency IS NULL`;
}

export function insertCredit(
  organizationId: string,
  row: CreditRow,
  createdBy: object,
  asOf: Date,
): Statement {
  return sql`INSERT INTO billing_credits (organization_id, id, amount_minor, currency, reason,
      created_by, created_at)
    VALUES (${organizationId}, ${row.id}, ${row.amount_minor}::bigint, ${row.currency},
      ${row.reason}, ${JSON.stringify(createdBy)}::jsonb, ${asOf})
    ON CONFLICT DO NOTHING`;
}

/** A row is the wire's `credit`. */
export function findCredit(organizationId: string, id: string): Statement {
  return sql`SELECT id, 'credit' AS object, organization_id AS workspace_id, amount_minor,
      currency, reason, CASE WHEN transaction_id IS NULL THEN 'pending' ELSE 'given' END AS status,
      created_at
    FROM billing_credits WHERE organization_id = ${organizationId} AND id = ${id}`;
}

/** No row: it was finished before. */
export function finishCredit(organizationId: string, id: string, transactionId: string): Statement {
  return sql`UPDATE billing_credits SET transaction_id = ${transactionId}
    WHERE organization_id = ${organizationId} AND id = ${id} AND transaction_id IS NULL
    RETURNING id`;
}
