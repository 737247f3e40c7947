import type { BrokenChain, Diagnosis, Finding, OrganizationReport } from './doctor.ts';
import type { Repair } from './repair.ts';

/** What each kind of finding means for the workspace, and where it can come from. */
const meanings: Record<Finding['kind'], string> = {
  counters:
    'The counter that admission decides by differs from the conversions that were counted: the ' +
    'workspace may get too few or too many. The usage events are what is billed.',
  rollup: 'A sum behind the charts and key limits differs from the usage events.',
  reserved: 'Units are held that no running or waiting job holds, or the other way round.',
  slots: 'Slots are counted as taken that no job has, or the other way round.',
  live_job: 'A job and its reservation tell different stories, so the job can never be completed.',
  counted_job:
    'A job and its usage event disagree, so something was counted without a result, twice, or not ' +
    'at all. Nothing is changed here by itself: compare with the invoice before you correct it.',
  bill:
    'A bill for overage and the conversions it is made of disagree, so something is billed twice or ' +
    'not at all. Nothing is changed here by itself: compare with the invoice before you correct it.',
  limit: 'More is in use than the limits of this moment allow.',
};

const chainProblems: Record<BrokenChain['problem'], string> = {
  missing: 'is gone',
  unlinked: 'does not follow the one before it',
  altered: 'is not what was written',
  erased: 'has lost its payload, and no entry says who erased it',
};

/** The diagnosis for a person at a terminal. */
export function describeDiagnosis(diagnosis: Diagnosis): string {
  const { workspaces, broken_audit_chains: chains } = diagnosis;
  const lines = [
    ...workspaces.flatMap(describeWorkspace),
    ...chains.map(
      ({ chain_id, sequence, problem }) =>
        `✗ audit chain ${chain_id}: entry ${sequence} ${chainProblems[problem]}.`,
    ),
  ];
  if (lines.length > 0) lines.push('');
  const checked =
    `${counted(diagnosis.workspaces_checked, 'workspace')} and ` +
    `${counted(diagnosis.audit_chains_checked, 'audit chain')} checked`;
  lines.push(`${checked}: ${verdictOf(diagnosis)}`);
  return `${lines.join('\n')}\n`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function describeWorkspace(report: OrganizationReport): string[] {
  const lines = [`${report.workspace_id} (${report.name})`];
  for (const kind of new Set(report.findings.map((finding) => finding.kind))) {
    const ofKind = report.findings.filter((finding) => finding.kind === kind);
    lines.push(...ofKind.map((one) => `  ✗ invariant ${one.invariant}: ${one.detail}`));
    lines.push(`    ${meanings[kind]}`);
  }
  if (report.repair !== null) lines.push(...describeRepair(report.repair));
  if (report.repair !== null && report.remaining.length > 0) {
    lines.push('  Still wrong:', ...report.remaining.map((one) => `  ✗ ${one.detail}`));
  }
  return lines;
}

function describeRepair(repair: Repair): string[] {
  const done = [
    [repair.reservations_removed.length, 'reservations of jobs that are over removed'],
    [repair.jobs_requeued.length, 'jobs queued again'],
    [repair.jobs_failed.length, 'jobs failed as interrupted'],
    [repair.counters_corrected, 'periods recounted'],
    [repair.rollup_rows_corrected, 'rows of the rollups recounted'],
  ] as const;
  const parts = done.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [`  ✓ mended: ${parts.join(', ')}`];
}

function verdictOf({ healthy, workspaces }: Diagnosis): string {
  if (healthy) return workspaces.length === 0 ? 'everything adds up.' : 'everything adds up again.';
  const mendable = workspaces.some(({ remaining }) => remaining.some((one) => one.repairable));
  return mendable
    ? 'not everything adds up. npm run doctor -- --fix mends what is safe.'
    : 'not everything adds up, and what is left needs a person.';
}
