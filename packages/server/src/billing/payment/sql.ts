import { sql, type Statement } from '../../db/sql.ts';

/** What is charged to the card of a workspace. */
export interface PaymentSituation {
  readonly stripe_payment_method_id: string | null;
  readonly payment_method: { readonly brand: string; readonly last4: string } | null;
  readonly stripe_subscription_id: string | null;
  readonly currency: string;
  readonly overage_policy: string;
  readonly overage_charge_allowed: boolean;
  /** Used past the limit and on no invoice yet, or on one that waits to be issued; or under way. */
  readonly owes_overage: boolean;
}

export function findPaymentSituation(organizationId: string): Statement {
  return sql`SELECT stripe_payment_method_id, payment_method, stripe_subscription_id,
      currency, overage_policy, overage_charge_allowed, owes_overage(organization_id)
    FROM organization_subscriptions WHERE organization_id = ${organizationId}`;
}

/** While it is being removed nothing new is charged to the card. */
export function markCardRemoval(
  organizationId: string,
  isUnderWay: boolean,
  asOf: Date,
): Statement {
  return sql`UPDATE organization_subscriptions SET card_being_removed = ${isUnderWay}::boolean,
      updated_at = ${asOf} WHERE organization_id = ${organizationId}`;
}

/** What a workspace without a card is to be told. */
export interface LostCardFacts {
  readonly plan_name: string;
  readonly status: string;
  /** When something is charged next; null: nothing goes on. */
  readonly charged_at: string | null;
  /** What was used past the limit goes onto no renewal: an invoice is mailed. */
  readonly overage_mailed: boolean;
}

export function findLostCardFacts(organizationId: string): Statement {
  return sql`SELECT p.name AS plan_name, s.status, next_charge_at(s.organization_id) AS charged_at,
      owes_overage(s.organization_id) AND (s.interval = 'year'
        OR next_charge_at(s.organization_id) IS NULL) AS overage_mailed
    FROM organization_subscriptions s JOIN subscription_plans p ON p.id = s.plan_id
    WHERE s.organization_id = ${organizationId}`;
}

/** Without a card nothing can be charged for overage, unless the operator gave his word. */
export function blockOverageWithoutCard(organizationId: string, asOf: Date): Statement {
  return sql`UPDATE organization_subscriptions SET overage_policy = 'block', updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND overage_policy = 'charge'
      AND NOT overage_charge_allowed AND payment_method IS NULL
    RETURNING id`;
}

export interface InvoicedSubscription {
  readonly stripe_subscription_id: string;
  readonly billing_sync_number: number;
  readonly current_period_end: string;
}

/** No row: there is no subscription that goes on being invoiced. */
export function findInvoicedSubscription(organizationId: string): Statement {
  return sql`SELECT stripe_subscription_id, billing_sync_number, current_period_end
    FROM organization_subscriptions
    WHERE organization_id = ${organizationId} AND stripe_subscription_id IS NOT NULL
      AND NOT cancel_at_period_end AND status IN ('trialing', 'active', 'past_due')`;
}
