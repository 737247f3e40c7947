import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock.ts';
import { admitCall } from '../../test/calls.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario } from '../../test/scenario.ts';
import { startTestService, type TestService } from '../../test/service.ts';
import type { ConversionDeps } from '../deps.ts';
import { findJob } from '../jobs.ts';
import { runAttempt } from './run-attempt.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

describe('an attempt', () => {
  it('keeps the output of a conversion that was counted although its answer was lost', async () => {
    const { conversions } = tested.service;
    const owner = await scenario(conversions.db, systemClock).organization().create();
    const { organizationId } = owner;
    const call = admitCall(organizationId);
    const { retention_hours: retentionHours } = await conversions.metering.admit(call);
    const losing: ConversionDeps = {
      ...conversions,
      metering: {
        ...conversions.metering,
        complete: async (completion) => {
          await conversions.metering.complete(completion);
          throw new Error('Connection terminated unexpectedly');
        },
      },
    };
    const input = { bytes: Buffer.from('a\n1\n') };
    const attempt = {
      organizationId,
      jobId: call.jobId,
      fence: 1,
      from: 'csv',
      to: 'json',
      options: { header: true, delimiter: 'auto', encoding: 'utf-8', types: 'string', indent: 0 },
      filename: 'a.csv',
      input,
      retentionHours,
    } as const;
    expect(await runAttempt(losing, attempt, () => false)).toEqual({ kind: 'lost' });
    const job = await findJob(owner.ctx, call.jobId);
    expect(job).toMatchObject({ status: 'succeeded', counted: true });
    const stream = await conversions.storage.open(job.output?.place ?? '');
    expect(stream === null ? null : await text(stream)).toBe('[{"a":"1"}]\n');
    await expectInvariants(conversions.db, organizationId);
  });
});
