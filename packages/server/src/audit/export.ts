import { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { csvRecord, csvType, ndjsonType } from '../http/csv.ts';
import type { AuditEntry } from './schema.ts';
import { listAuditEntriesAfter } from './sql.ts';

const pageRows = 1000;

const columns = [
  'sequence',
  'created_at',
  'id',
  'actor_kind',
  'actor_id',
  'impersonated_by',
  'action',
  'target_kind',
  'target_id',
  'before',
  'after',
  'reason',
  'request_id',
  'hash',
] as const;

/** The entries of a workspace from the first one on, a page at a time as they are read. */
export async function* eachAuditEntry(ctx: Context): AsyncGenerator<AuditEntry[]> {
  let last = 0;
  for (;;) {
    const statement = listAuditEntriesAfter(ctx.organization.id, last, pageRows);
    const page: AuditEntry[] = await ctx.db.query<AuditEntry>(statement);
    if (page.length > 0) yield page;
    if (page.length < pageRows) return;
    last = page.at(-1)?.sequence ?? last;
  }
}

/** The audit log of the workspace as a file. */
export function exportAuditLog(
  ctx: Context,
  format: 'ndjson' | 'csv',
): { contentType: string; stream: Readable } {
  const lines = format === 'csv' ? csvLines(ctx) : jsonLines(ctx);
  return {
    contentType: format === 'csv' ? csvType : ndjsonType,
    stream: Readable.from(lines, { objectMode: false }),
  };
}

async function* jsonLines(ctx: Context): AsyncGenerator<string> {
  for await (const page of eachAuditEntry(ctx)) {
    yield page.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }
}

async function* csvLines(ctx: Context): AsyncGenerator<string> {
  yield csvRecord(columns);
  for await (const page of eachAuditEntry(ctx)) yield page.map(toLine).join('');
}

function toLine(entry: AuditEntry): string {
  const { actor, target, before, after } = entry;
  const flat = {
    ...entry,
    actor_kind: actor.kind,
    actor_id: actor.id,
    target_kind: target.kind,
    target_id: target.id,
    before: before === null ? null : JSON.stringify(before),
    after: after === null ? null : JSON.stringify(after),
  };
  return csvRecord(columns.map((column) => flat[column]));
}
