import { Readable } from 'node:stream';
import { appendAudit } from '../audit/audit.ts';
import { eachAuditEntry } from '../audit/export.ts';
import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Scope } from '../http/scope.ts';
import { listInvitations } from '../organizations/invitations.ts';
import { listMembers } from '../organizations/members.ts';
import { findOrganization } from '../organizations/organizations.ts';
import { findSubscription } from '../subscriptions/subscriptions.ts';
import { type ExportedTable, listExported } from './sql.ts';

/** By their `kind`, in the order of the export. */
const tables = {
  api_key: 'api_keys',
  job: 'jobs',
  counted_conversion: 'usage',
  billing_event: 'billing_events',
  invoice: 'invoices',
  overage_bill: 'overage_bills',
  webhook_endpoint: 'webhook_endpoints',
  mail: 'mail_messages',
} as const satisfies Record<string, ExportedTable>;

/**
 * Everything that is kept about a workspace, one JSON object a line with its `kind`, read a page at a
 * time as fast as the client takes it: of any size, it needs no more memory. Files are not in it (their
 * jobs are), nor are secrets.
 *
 * @throws AppError `forbidden` with `required_scope` for a key that may not read all of it
 */
export function exportWorkspace(ctx: Context): Readable {
  requireScopes(ctx);
  return Readable.from(eachLine(ctx), { objectMode: false });
}

/** Puts into the audit log that everything was read, by whom; the export that is told of has it too. */
export async function recordExport(ctx: Context, format: 'ndjson' | 'zip'): Promise<void> {
  await ctx.db.transaction((tx) =>
    appendAudit(tx, ctx, {
      action: 'workspace.exported',
      target: { kind: 'workspace', id: ctx.organization.id },
      before: null,
      after: { format },
    }),
  );
}

/** What a key needs to read each part by itself. */
const readingScopes: readonly Scope[] = [
  'audit:read',
  'conversions:read',
  'usage:read',
  'billing:read',
  'keys:write',
  'webhooks:write',
];

function requireScopes({ actor }: Context): void {
  if (actor.kind !== 'api_key') return;
  const lacking = readingScopes.find((scope) => !actor.scopes.includes(scope));
  if (lacking === undefined) return;
  throw new AppError('forbidden', `The API key lacks the scope ${lacking}.`, {
    details: { required_scope: lacking },
  });
}

async function* eachLine(ctx: Context): AsyncGenerator<string> {
  yield line('workspace', await findOrganization(ctx));
  yield line('subscription', await findSubscription(ctx));
  for await (const member of eachOf((page) => listMembers(ctx, page))) yield line('member', member);
  for await (const invitation of eachOf((page) => listInvitations(ctx, page))) {
    yield line('invitation', invitation);
  }
  for (const [kind, table] of Object.entries(tables)) {
    for await (const page of eachPage(ctx, table))
      yield page.map((row) => line(kind, row)).join('');
  }
  for await (const page of eachAuditEntry(ctx)) {
    yield page.map((entry) => line('audit_entry', entry)).join('');
  }
}

function line(kind: string, row: object): string {
  return `${JSON.stringify({ kind, ...row })}\n`;
}

interface ExportedRow {
  readonly id: string;
  readonly admitted_at?: string;
}

async function* eachPage(ctx: Context, table: ExportedTable): AsyncGenerator<ExportedRow[]> {
  for (let after = ''; ;) {
    const page: ExportedRow[] = await ctx.db.query<ExportedRow>(
      listExported(ctx.organization.id, table, after),
    );
    if (page.length === 0) return;
    yield page;
    const last = page.at(-1);
    after = table === 'usage' ? `${last?.id} ${last?.admitted_at}` : (last?.id ?? after);
  }
}

async function* eachOf<Item extends object>(
  list: (page: { limit: number; starting_after?: string }) => Promise<{
    data: Item[];
    next_cursor: string | null;
  }>,
): AsyncGenerator<Item> {
  let cursor: string | null = null;
  do {
    const page: { data: Item[]; next_cursor: string | null } = await list(
      cursor === null ? { limit: 100 } : { limit: 100, starting_after: cursor },
    );
    yield* page.data;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
