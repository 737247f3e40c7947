import type { BillingDeps } from '../billing/deps.ts';
import type { ConversionDeps } from '../conversions/deps.ts';

export interface DataRightsDeps {
  readonly conversions: ConversionDeps;
  /** Null: no payments here. */
  readonly billing: BillingDeps | null;
}
