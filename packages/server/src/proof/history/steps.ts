import fc from 'fast-check';
import { modelPlans, type Policy } from './limits.ts';

/** One call to admit: two organizations, two types, files around the plans' limits. */
export interface AdmitStepCall {
  readonly organization: number;
  readonly kind: 'conversion' | 'external';
  readonly mode: 'sync' | 'async';
  readonly type: string;
  readonly sizeBytes: number;
  readonly key: number | null;
  /** Sent again under the id of a job that there is. */
  readonly again: number | null;
}

/**
 * A step of a history. Jobs are named by a number that is taken among the latest ones, so that a step
 * means something in every history, also in one that was cut short to show a failure.
 */
export type Step =
  | { readonly do: 'admit'; readonly calls: readonly AdmitStepCall[] }
  | { readonly do: 'claim'; readonly jobsMax: number }
  | {
      readonly do: 'complete';
      readonly items: readonly { job: number; stale: boolean; twice: boolean }[];
    }
  | {
      readonly do: 'release';
      readonly items: readonly {
        job: number;
        fence: 'current' | 'stale' | 'any';
        status: 'failed' | 'cancelled' | 'retry';
      }[];
    }
  | { readonly do: 'renew'; readonly job: number }
  | { readonly do: 'worker dies'; readonly jobs: readonly number[] }
  | { readonly do: 'unit expires'; readonly job: number }
  | { readonly do: 'sweep' }
  | { readonly do: 'keep running'; readonly job: number }
  | { readonly do: 'time passes'; readonly hours: number }
  | { readonly do: 'delays end' }
  | {
      readonly do: 'override';
      readonly organization: number;
      readonly monthlyLimit: number | null;
      readonly concurrentLimit: number | null;
      readonly price: number | null;
      readonly hours: number | null;
    }
  | { readonly do: 'clear override'; readonly organization: number }
  | { readonly do: 'plan'; readonly organization: number; readonly plan: number }
  | {
      readonly do: 'policy';
      readonly organization: number;
      readonly policy: Policy;
      readonly spendCapMinor: number | null;
    }
  | {
      readonly do: 'key limit';
      readonly organization: number;
      readonly key: number;
      readonly limit: number | null;
    }
  | { readonly do: 'suspension'; readonly organization: number };

const organization = fc.nat(1);
const job = fc.nat(9);
const megabyte = 1_048_576;

const admitCall: fc.Arbitrary<AdmitStepCall> = fc.record({
  organization,
  kind: fc.constantFrom('conversion', 'conversion', 'conversion', 'external'),
  mode: fc.constantFrom('sync', 'async'),
  type: fc.constantFrom('CSV_TO_JSON', 'XLSX_TO_CSV'),
  sizeBytes: fc.constantFrom(10, 10, 10, megabyte, megabyte + 1, 2 * megabyte),
  key: fc.option(fc.nat(1), { nil: null }),
  again: fc.option(fc.nat(3), { nil: null, freq: 10 }),
});

const limit = fc.option(fc.integer({ min: -1, max: 6 }), { nil: null });

const change: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('override'),
    organization,
    monthlyLimit: limit,
    concurrentLimit: limit,
    price: fc.option(fc.constantFrom(0, 100, 5_000), { nil: null }),
    hours: fc.option(fc.integer({ min: 1, max: 48 }), { nil: null }),
  }),
  fc.record({ do: fc.constant('clear override'), organization }),
  fc.record({ do: fc.constant('plan'), organization, plan: fc.nat(modelPlans.length - 1) }),
  fc.record({
    do: fc.constant('policy'),
    organization,
    policy: fc.constantFrom<Policy>('block', 'warn', 'charge'),
    spendCapMinor: fc.option(fc.constantFrom(0, 2, 5, 50), { nil: null }),
  }),
  fc.record({
    do: fc.constant('key limit'),
    organization,
    key: fc.nat(1),
    limit: fc.option(fc.nat(3), { nil: null }),
  }),
  fc.record({ do: fc.constant('suspension'), organization }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('admit'),
      calls: fc.array(admitCall, { minLength: 1, maxLength: 7 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('complete'),
      items: fc.array(
        fc.record({ job, stale: fc.nat(3).map((n) => n === 0), twice: fc.boolean() }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('release'),
      items: fc.array(
        fc.record({
          job,
          fence: fc.constantFrom<'current' | 'stale' | 'any'>('current', 'stale', 'any'),
          status: fc.constantFrom<'failed' | 'cancelled' | 'retry'>('failed', 'cancelled', 'retry'),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('claim'), jobsMax: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 3, arbitrary: change },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('worker dies'),
      jobs: fc.array(job, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('time passes'),
      hours: fc.constantFrom(1, 5, 30, 24 * 20, 24 * 31, 24 * 70),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew'), job }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unit expires'), job }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('keep running'), job }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delays end') }) },
);

/** A history: up to `stepsMax` steps, mostly long ones. */
export function histories(stepsMax: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { minLength: 5, maxLength: stepsMax, size: 'max' });
}
