import type { PlatformContext } from '../context.ts';
import type { AppError } from '../errors.ts';
import { refusalError, type RefusalVerdict } from '../metering/refusal.ts';
import type { Decision } from '../metering/schema.ts';
import { secondsToNextSlot } from '../metering/room.ts';
import type { ConversionDeps } from './deps.ts';

/** The error for a refused conversion; counts the refusal by its reason. */
export async function refuse(
  deps: ConversionDeps,
  ctx: PlatformContext,
  decision: Decision & { readonly verdict: RefusalVerdict },
): Promise<AppError> {
  const now = ctx.clock.now();
  deps.refusals.add(decision.organization_id, decision.verdict);
  const place = { upgradeUrl: `${deps.settings.publicUrl}/billing`, now };
  if (decision.verdict !== 'concurrency_limited' && decision.verdict !== 'queue_full') {
    return refusalError(decision, place);
  }
  const slotSeconds = await secondsToNextSlot(ctx, decision.organization_id);
  return refusalError(decision, { ...place, slotSeconds });
}
