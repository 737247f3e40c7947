import { newId } from '../ids.ts';
import { admitConversion } from './admit-conversion.ts';
import {
  replyFromJob,
  type ConversionRequest,
  type ConversionResult,
} from './intake/conversion-request.ts';
import type { ConversionDeps } from './deps.ts';
import { lookBeforeUpload } from './look.ts';
import { prepareConversion } from './intake/prepare-conversion.ts';
import { receiveUpload, requireKnownBody } from './intake/receive-upload.ts';
import type { JobRow } from './schema.ts';
import { findJob } from './sql.ts';

/**
 * A file in, the right file out: looks whether it would be refused, takes the upload or fetches it,
 * admits it, and converts it while the caller waits, or queues it.
 *
 * @throws AppError: a refusal, or what is wrong with the file; a failure after admission carries `job_id`
 */
export async function createConversion(
  deps: ConversionDeps,
  call: ConversionRequest,
): Promise<ConversionResult> {
  const { ctx, claim } = call;
  // What is no form at all is told so before anybody is told of limits.
  requireKnownBody(call);
  const decision = await lookBeforeUpload(deps, call);
  const jobId = claim?.jobId ?? newId('job', ctx.clock.now().getTime());
  const incoming = await receiveUpload(deps, call, decision, jobId);
  try {
    if (claim?.kind === 'stored') {
      const stored = claim.replay(incoming.fingerprint);
      return { reply: { kind: 'replayed', jobId, stored }, usageWarning: null };
    }
    await claim?.settle(incoming.fingerprint);
    if (claim?.takenOver === true) {
      const [job] = await ctx.db.query<JobRow>(findJob(ctx.organization.id, jobId));
      if (job !== undefined) return { reply: replyFromJob(job), usageWarning: null };
    }
    const upload = await incoming.open();
    const prepared = await prepareConversion(deps, upload);
    return await admitConversion(deps, call, { jobId, upload, prepared });
  } finally {
    await incoming.discard();
  }
}
