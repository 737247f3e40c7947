import { sql, type Statement } from '../db/sql.ts';

export function deleteOrganization(organizationId: string, asOf: Date): Statement {
  return sql`SELECT delete_organization(${organizationId}::text, ${asOf}::timestamptz)`;
}

/** Deleted and not erased yet, in the order of their ids. */
export function listOrganizationsToErase(after: string, limit: number): Statement {
  return sql`SELECT id FROM organization
    WHERE deleted_at IS NOT NULL AND erased_at IS NULL AND id > ${after}
    ORDER BY id LIMIT ${limit}`;
}

/** Answers whether nothing is left. */
export function eraseOrganizationRows(organizationId: string): Statement {
  return sql`SELECT erase_organization(${organizationId}::text) AS is_done`;
}

/** Of a chain, what still says something; what says that something was erased stays. */
export function listAuditToErase(organizationId: string, limit: number): Statement {
  return sql`SELECT id FROM audit_log WHERE chain_id = ${organizationId} AND payload IS NOT NULL
      AND action NOT IN ('audit.payload_erased', 'workspace.deleted')
    ORDER BY sequence LIMIT ${limit}`;
}

export function eraseAuditEntry(
  organizationId: string,
  targetId: string,
  id: string,
  asOf: Date,
): Statement {
  return sql`SELECT erase_deleted_audit(${organizationId}::text, ${targetId}::text, ${id}::text,
    ${asOf}::timestamptz)`;
}

/** Deleted accounts of which addresses are still to be erased, in the order of their ids. */
export function listAccountsToErase(after: string, limit: number): Statement {
  return sql`SELECT DISTINCT user_id FROM user_addresses
    WHERE deleted_at IS NOT NULL AND user_id > ${after} ORDER BY user_id LIMIT ${limit}`;
}

export function listAddressedAudit(userId: string, limit: number): Statement {
  return sql`SELECT chain_id, id FROM addressed_audit(${userId}::text)
    ORDER BY chain_id, id LIMIT ${limit}`;
}

export function eraseAddressAudit(
  of: { userId: string; chainId: string; targetId: string; id: string },
  asOf: Date,
): Statement {
  return sql`SELECT erase_address_audit(${of.userId}::text, ${of.chainId}::text,
    ${of.targetId}::text, ${of.id}::text, ${asOf}::timestamptz)`;
}

export function eraseAddressesOf(userId: string): Statement {
  return sql`SELECT erase_address(user_id, email) FROM user_addresses
    WHERE user_id = ${userId} AND deleted_at IS NOT NULL`;
}

export function updateErased(organizationId: string, asOf: Date): Statement {
  return sql`UPDATE organization SET erased_at = ${asOf} WHERE id = ${organizationId}`;
}

/** Jobs that wait or run. */
export function listLiveJobs(organizationId: string): Statement {
  return sql`SELECT id FROM jobs WHERE organization_id = ${organizationId}
    AND status IN ('queued', 'processing') AND kind = 'conversion' ORDER BY id LIMIT 500`;
}

/** Jobs that have ended and whose files were not purged. */
export function listJobsWithFiles(organizationId: string, after: string): Statement {
  return sql`SELECT id FROM jobs WHERE organization_id = ${organizationId} AND id > ${after}
      AND status IN ('succeeded', 'failed', 'cancelled') AND purged_at IS NULL
      AND kind = 'conversion'
    ORDER BY id LIMIT 500`;
}

const keptFiles = (organizationId: string, asOf: Date) => sql`FROM jobs
  WHERE organization_id = ${organizationId} AND kind = 'conversion' AND purged_at IS NULL
    AND (status IN ('queued', 'processing') OR status = 'succeeded'
      AND (output ->> 'expires_at')::timestamptz > ${asOf})`;

/** Outputs that are kept and conversions that wait, counted up to a bound. */
export function countKeptFiles(organizationId: string, asOf: Date, bound: number): Statement {
  return sql`SELECT count(*)::integer AS files
    FROM (SELECT 1 ${keptFiles(organizationId, asOf)} LIMIT ${bound}) f`;
}

export function listKeptFiles(organizationId: string, asOf: Date, after: string): Statement {
  return sql`SELECT id, input ->> 'filename' AS input_filename, output, created_at, finished_at
    ${keptFiles(organizationId, asOf)} AND id > ${after} ORDER BY id LIMIT 500`;
}

export type ExportedTable =
  | 'api_keys'
  | 'jobs'
  | 'usage'
  | 'billing_events'
  | 'invoices'
  | 'overage_bills'
  | 'webhook_endpoints'
  | 'mail_messages';

/** What an export holds, a thousand rows a page; they go out as they are. */
export function listExported(
  organizationId: string,
  table: ExportedTable,
  after: string,
): Statement {
  // Usage is in the order of admission: its place is time and id.
  const [idAfter = '', admittedAfter = '-infinity'] = after.split(' ');
  const byTable = {
    jobs: sql`SELECT id, kind AS converted_by, status, type, "from", "to", options, metadata, input,
        output - 'place' AS output, warnings,
        error, counted, billed_as, unit_amount, currency, period_start, api_key_id, member_id,
        created_at, started_at, finished_at, duration_ms FROM jobs
      WHERE organization_id = ${organizationId} AND id > ${after} ORDER BY id LIMIT 1000`,
    usage: sql`SELECT job_id AS id, type, admitted_at, completed_at, period_start, billed_as,
        unit_amount, currency, plan_id, plan_version, bytes_in, bytes_out, duration_ms, api_key_id,
        member_id FROM usage_events
      WHERE organization_id = ${organizationId}
        AND (admitted_at, job_id) > (${admittedAfter}::timestamptz, ${idAfter})
      ORDER BY admitted_at, job_id LIMIT 1000`,
    billing_events: sql`SELECT id, type, summary, data, created_at FROM billing_events
      WHERE organization_id = ${organizationId} AND id > ${after} ORDER BY id LIMIT 1000`,
    api_keys: sql`SELECT id, name, key_hint AS hint, scopes, monthly_limit, allowed_ips, expires_at,
        revoked_at, last_used_at, created_by, created_at FROM api_keys
      WHERE organization_id = ${organizationId} AND id > ${after} ORDER BY id LIMIT 1000`,
    invoices: sql`SELECT i.id, i.number, i.status, i.reason, i.currency, i.total_minor,
        i.amount_due_minor, i.amount_paid_minor, i.credited_minor, i.period_start, i.period_end,
        i.created_at, i.finalized_at, i.paid_at, i.voided_at, (
          SELECT jsonb_agg(to_jsonb(l) - 'organization_id' - 'invoice_id' ORDER BY l.position)
          FROM invoice_lines l
          WHERE l.organization_id = i.organization_id AND l.invoice_id = i.id) AS lines
      FROM invoices i
      WHERE i.organization_id = ${organizationId} AND i.id > ${after} ORDER BY i.id LIMIT 1000`,
    overage_bills: sql`SELECT b.id, b.usage_period_start, b.usage_period_end, b.currency, b.state,
        b.quantity, b.amount_minor, b.collected, (
          SELECT jsonb_agg(to_jsonb(l) - 'organization_id' - 'usage_period_start'
            ORDER BY l.position)
          FROM overage_bill_lines l WHERE l.organization_id = b.organization_id
            AND l.usage_period_start = b.usage_period_start) AS lines
      FROM overage_bills b
      WHERE b.organization_id = ${organizationId} AND b.id > ${after} ORDER BY b.id LIMIT 1000`,
    webhook_endpoints: sql`SELECT id, url, description, events, active, disabled_reason, created_by,
        created_at FROM webhook_endpoints
      WHERE organization_id = ${organizationId} AND id > ${after} ORDER BY id LIMIT 1000`,
    // Without what a link in it opens.
    mail_messages: sql`SELECT id, topic, category, recipient_email, status, created_at
      FROM mail_messages
      WHERE organization_id = ${organizationId} AND id > ${after} ORDER BY id LIMIT 1000`,
  };
  return byTable[table];
}
