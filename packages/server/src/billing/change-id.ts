import type { PlatformContext } from '../context.ts';
import type { Claim } from '../http/idempotency/idempotency.ts';
import { derivedId, type IdPrefix, newId } from '../ids.ts';

/**
 * The id of what a request makes. Under an idempotency key it follows from the key's claim, so that
 * a repeat after a crash makes the same.
 */
export function idOfRequest(prefix: IdPrefix, ctx: PlatformContext, claim: Claim | null): string {
  if (claim !== null) return derivedId(prefix, claim.jobId, 0);
  return newId(prefix, ctx.clock.now().getTime());
}

/** Of a change of subscription: a repeat has the same keys at the provider. */
export function changeIdOf(ctx: PlatformContext, claim: Claim | null): string {
  return idOfRequest('chg', ctx, claim);
}
