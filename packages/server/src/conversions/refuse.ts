import type { PlatformContext } from '../context.ts';
import type { AppError } from '../errors.ts';
import { type RefusedDecision, refusalError } from '../metering/refusal.ts';
import { secondsToNextSlot } from '../metering/room.ts';
import { findOverdueInvoiceUrl } from '../subscriptions/subscriptions.ts';
import type { ConversionDeps } from './deps.ts';

/** The error for a refused conversion; counts the refusal by its reason, and keeps it for a week. */
export async function refuse(
  deps: ConversionDeps,
  ctx: PlatformContext,
  decision: RefusedDecision,
): Promise<AppError> {
  const wantsSlot = decision.verdict === 'concurrency_limited' || decision.verdict === 'queue_full';
  const slotSeconds = wantsSlot ? await secondsToNextSlot(ctx, decision.organization_id) : null;
  const invoiceUrl =
    decision.verdict === 'payment_overdue'
      ? await findOverdueInvoiceUrl(ctx.db, decision.organization_id)
      : null;
  deps.refusals.add({ decision, requestId: ctx.requestId, slotSeconds });
  return refusalError(decision, {
    upgradeUrl: `${deps.settings.publicUrl}/billing`,
    now: ctx.clock.now(),
    invoiceUrl,
    ...(slotSeconds === null ? {} : { slotSeconds }),
  });
}
