import type { Job, JobRow, StoredOutput } from './schema.ts';

/** A row of `jobs` as the API shows it. */
export function presentJob(row: JobRow, publicUrl: string): Job {
  const gone = row.purged_at !== null;
  return {
    id: row.id,
    object: 'job',
    workspace_id: row.organization_id,
    status: row.status,
    type: row.type,
    from: row.from,
    to: row.to,
    options: row.options ?? {},
    metadata: row.metadata ?? {},
    input: row.input,
    output:
      row.output === null || gone
        ? null
        : presentOutput(row.output, outputUrl(publicUrl, row.organization_id, row.id)),
    progress: row.progress ?? restingProgress[row.status],
    warnings: row.warnings ?? [],
    error: row.error,
    usage: {
      counted: row.counted,
      billed_as: row.billed_as,
      unit_amount: row.unit_amount,
      currency: row.currency,
      period_start: row.period_start,
    },
    api_key_id: row.api_key_id,
    member_id: row.member_id,
    created_at: row.created_at,
    started_at: row.started_at,
    finished_at: row.finished_at,
    duration_ms: row.duration_ms,
  };
}

function presentOutput({ place: _place, ...output }: StoredOutput, url: string): Job['output'] {
  return { ...output, url };
}

/** What a job's progress reads while no engine reports any. */
const restingProgress: Readonly<Record<Job['status'], Job['progress']>> = {
  queued: { percent: 0, phase: 'queued' },
  processing: { percent: 0, phase: 'processing' },
  succeeded: { percent: 100, phase: 'done' },
  failed: { percent: 0, phase: 'failed' },
  cancelled: { percent: 0, phase: 'cancelled' },
  expired: { percent: 100, phase: 'expired' },
};

function outputUrl(publicUrl: string, organizationId: string, jobId: string): string {
  return `${publicUrl}/v1/workspaces/${organizationId}/conversions/${jobId}/output`;
}
