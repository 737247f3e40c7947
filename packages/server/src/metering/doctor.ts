import { verifyAuditChain } from '../audit/audit.ts';
import type { PlatformContext } from '../context.ts';
import { type Check, type Violation } from './invariants.ts';
import { listAuditChains, listOrganizationIds } from './repair-sql.ts';
import { isRepairable, type Repair, repairUsage } from './repair.ts';

export interface Finding extends Violation {
  readonly repairable: boolean;
}

export interface OrganizationReport {
  readonly workspace_id: string;
  readonly name: string;
  /** As found; at most a hundred by each check. */
  readonly findings: readonly Finding[];
  /** Null: not asked for, or there was nothing to mend. */
  readonly repair: Repair | null;
  /** What is still wrong: the findings, or what the repair could not mend. */
  readonly remaining: readonly Finding[];
}

export interface BrokenChain {
  /** A workspace's id, or `platform`. */
  readonly chain_id: string;
  readonly sequence: number;
  readonly problem: 'missing' | 'unlinked' | 'altered' | 'erased';
}

/** What the doctor found. */
export interface Diagnosis {
  readonly object: 'diagnosis';
  /** Nothing is wrong, or not any more. */
  readonly healthy: boolean;
  readonly workspaces_checked: number;
  readonly audit_chains_checked: number;
  /** Only those with findings. */
  readonly workspaces: readonly OrganizationReport[];
  readonly broken_audit_chains: readonly BrokenChain[];
}

const pageSize = 500;

/**
 * Checks the books of every organization and every audit chain, beside traffic: each organization in
 * a snapshot of its own, so that none stays open for long.
 *
 * @param checks every check there is; the ledger's is `findViolations`
 * @param fix also mend what is safe, see `repairUsage`
 */
export async function diagnose(
  ctx: PlatformContext,
  { checks, fix }: { checks: readonly Check[]; fix: boolean },
): Promise<Diagnosis> {
  const reports: OrganizationReport[] = [];
  let checked = 0;
  for (let after = ''; ;) {
    const page = await ctx.db.query<{ id: string; name: string }>(
      listOrganizationIds(after, pageSize),
    );
    for (const organization of page) {
      const report = await examine(ctx, organization, checks, fix);
      if (report.findings.length > 0) reports.push(report);
    }
    checked += page.length;
    after = page.at(-1)?.id ?? '';
    if (page.length < pageSize) break;
  }
  const chains = await ctx.db.query<{ id: string }>(listAuditChains());
  const broken: BrokenChain[] = [];
  for (const { id } of chains) {
    const verification = await verifyAuditChain(ctx, id);
    if (verification.broken !== null) broken.push({ chain_id: id, ...verification.broken });
  }
  return {
    object: 'diagnosis',
    healthy: broken.length === 0 && reports.every((report) => report.remaining.length === 0),
    workspaces_checked: checked,
    audit_chains_checked: chains.length,
    workspaces: reports,
    broken_audit_chains: broken,
  };
}

async function examine(
  ctx: PlatformContext,
  organization: { id: string; name: string },
  checks: readonly Check[],
  fix: boolean,
): Promise<OrganizationReport> {
  const { id, name } = organization;
  const find = async () => {
    const found: Finding[] = [];
    for (const check of checks) {
      for (const violation of await check(ctx.db, id)) {
        found.push({ ...violation, repairable: isRepairable(violation) });
      }
    }
    return found;
  };
  const findings = await find();
  const repair =
    fix && findings.some((finding) => finding.repairable)
      ? await repairUsage({ ...ctx, organization: { id } })
      : null;
  const remaining = fix && findings.length > 0 ? await find() : findings;
  return { workspace_id: id, name, findings, repair, remaining };
}
