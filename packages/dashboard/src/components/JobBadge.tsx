import type { JobStatus } from '@mutate/sdk';
import { Badge, type Tone } from './Badge.tsx';

const tones: Record<JobStatus, Tone> = {
  queued: 'calm',
  processing: 'live',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'calm',
  expired: 'calm',
};

/** A job's status. */
export function JobBadge({ status }: { status: JobStatus }) {
  return <Badge tone={tones[status]}>{status}</Badge>;
}
