import { sql, type Statement } from '../../db/sql.ts';

/** How far the provider's events have been read; null: from when the account was claimed. */
export function findCursor(): Statement {
  return sql`SELECT coalesce(events_read_until, created_at) AS read_until FROM billing_account`;
}

/** Never back: another process may have been faster. */
export function updateCursor(until: Date): Statement {
  return sql`UPDATE billing_account
    SET events_read_until = greatest(events_read_until, ${until}::timestamptz)`;
}

/** A row comes back for the one process that is to compare everything now. */
export function claimComparison(asOf: Date, since: Date): Statement {
  return sql`UPDATE billing_account SET compared_at = ${asOf}
    WHERE compared_at IS NULL OR compared_at <= ${since}::timestamptz
    RETURNING compared_at`;
}

/** Older than anything that is read again. */
export function deleteOldEvents(before: Date): Statement {
  return sql`DELETE FROM stripe_events
    WHERE processed_at IS NOT NULL AND created_at < ${before}::timestamptz`;
}

/** Everybody who is a customer, a page at a time. */
export function listCustomers(after: string): Statement {
  return sql`SELECT organization_id FROM organization_subscriptions
    WHERE stripe_customer_id IS NOT NULL AND organization_id > ${after}
    ORDER BY organization_id LIMIT 100`;
}
