import type { Context, PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import { newId } from '../ids.ts';
import type { AuditEntry, AuditVerification } from './schema.ts';
import {
  type AuditFilter,
  insertAuditEntry,
  listAuditEntries,
  listAuditEntriesOfOrganization,
  verifyChain,
} from './sql.ts';

/** The chain of changes that belong to no workspace. */
export const platformChain = 'platform';

/** What changed. `before` and `after` hold no secret: of an API key its hint at most. */
export interface AuditChange {
  /** `workspace.updated`, `api_key.created`, … */
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: string };
  /** null: it did not exist. Anything that JSON can hold. */
  readonly before: unknown;
  /** null: it does not exist any more. */
  readonly after: unknown;
  readonly reason?: string | undefined;
}

/**
 * Writes an administrative change into the workspace's chain (the platform's, where `ctx` has no
 * organization). Must be the last statement of the verb's transaction: the chain's head stays
 * locked until it ends.
 */
export async function appendAudit(
  tx: Queryable,
  ctx: PlatformContext | Context,
  change: AuditChange,
): Promise<void> {
  const organizationId = 'organization' in ctx ? ctx.organization.id : null;
  const createdAt = ctx.clock.now();
  const { before, after, reason = null } = change;
  await tx.query(
    insertAuditEntry({
      chainId: organizationId ?? platformChain,
      id: newId('aud', createdAt.getTime()),
      organizationId,
      actorKind: ctx.actor.kind,
      actorId: ctx.actor.id,
      action: change.action,
      targetKind: change.target.kind,
      targetId: change.target.id,
      requestId: ctx.requestId,
      payload: JSON.stringify({ before, after, reason }),
      createdAt,
      impersonatedBy: ctx.actor.kind === 'member' ? ctx.actor.impersonatedBy : null,
    }),
  );
}

/** A page of the workspace's changes, newest first. */
export async function listWorkspaceAuditLog(
  ctx: Context,
  page: ListQuery,
): Promise<List<AuditEntry>> {
  const statement = listAuditEntriesOfOrganization(ctx.organization.id, page);
  return toList(await ctx.db.query<AuditEntry>(statement), page.limit);
}

/** A page of all changes there are, newest first. */
export async function listAuditLog(
  ctx: PlatformContext,
  page: ListQuery,
  filter: AuditFilter,
): Promise<List<AuditEntry>> {
  return toList(await ctx.db.query<AuditEntry>(listAuditEntries(page, filter)), page.limit);
}

/**
 * Checks a chain from its first entry to its head and names the first entry that was removed,
 * altered or moved. Reads the whole chain.
 *
 * @param chainId a workspace's id, or `platform`
 */
export async function verifyAuditChain(
  ctx: PlatformContext,
  chainId: string,
): Promise<AuditVerification> {
  const [row] = await ctx.db.query<{
    sequence: number;
    hash: string | null;
    broken_sequence: number | null;
    problem: NonNullable<AuditVerification['broken']>['problem'] | null;
  }>(verifyChain(chainId));
  const problem = row?.problem ?? null;
  return {
    object: 'audit_verification',
    chain_id: chainId,
    intact: problem === null,
    sequence: row?.sequence ?? 0,
    hash: row?.hash ?? null,
    broken: problem === null ? null : { sequence: row?.broken_sequence ?? 0, problem },
  };
}
