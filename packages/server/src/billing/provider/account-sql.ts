import { sql, type Statement } from '../../db/sql.ts';

export interface Account {
  readonly mode: 'stripe' | 'simulator';
  readonly account_id: string;
  readonly livemode: boolean;
}

export function findAccount(): Statement {
  return sql`SELECT mode, account_id, livemode, installation, simulator_url FROM billing_account`;
}

export function insertAccount(account: Account, installation: string, asOf: Date): Statement {
  return sql`INSERT INTO billing_account (mode, account_id, livemode, installation, created_at)
    VALUES (${account.mode}, ${account.account_id}, ${account.livemode}, ${installation}, ${asOf})
    ON CONFLICT DO NOTHING`;
}

export function hasCustomers(): Statement {
  return sql`SELECT 1 FROM organization_subscriptions WHERE stripe_customer_id IS NOT NULL LIMIT 1`;
}

/** What was only mirrored there, of an account with which nobody has done business. */
export function deleteAccount(): Statement {
  return sql`WITH prices AS (DELETE FROM stripe_prices), products AS (DELETE FROM stripe_products),
      events AS (DELETE FROM stripe_events)
    DELETE FROM billing_account`;
}

export function updateSimulatorUrl(url: string): Statement {
  return sql`UPDATE billing_account SET simulator_url = ${url}`;
}
