import { AppError, type ErrorCode } from '../errors.ts';
import type { Decision, Verdict } from './schema.ts';

export type RefusalVerdict = Exclude<Verdict, 'allowed' | 'allowed_overage' | 'duplicate'>;

/** What `admit()` says of a call that it refuses. */
export type RefusedDecision = Decision & { readonly verdict: RefusalVerdict };

/** Refusals that another moment may lift: here a dead worker may be what stands in the way. */
export const roomVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'quota_exceeded',
  'payment_overdue',
  'spend_cap_reached',
  'concurrency_limited',
  'queue_full',
]);

export function isRefused(decision: Decision): decision is RefusedDecision {
  return !['allowed', 'allowed_overage', 'duplicate'].includes(decision.verdict);
}

/**
 * The error that a refused caller gets: which limit, where it stands, and the way out.
 *
 * @param upgradeUrl where a larger plan is chosen
 * @param invoiceUrl where what is overdue is paid
 * @param slotSeconds the expected time to the next free slot, 1 to 60
 */
export function refusalError(
  decision: RefusedDecision,
  place: { upgradeUrl: string; now: Date; slotSeconds?: number; invoiceUrl?: string | null },
): AppError {
  const code: ErrorCode =
    decision.verdict === 'suspended' ? 'workspace_suspended' : decision.verdict;
  const { limit: _, ...numbers } = numbersOf(decision);
  const resetSeconds = Math.max(
    1,
    Math.ceil((Date.parse(decision.period_end) - place.now.getTime()) / 1000),
  );
  switch (decision.verdict) {
    case 'quota_exceeded': {
      const ofKey = isKeyUsedUp(decision);
      const limit = ofKey ? decision.key_limit : decision.monthly_limit;
      const ofPlan = `the ${decision.plan_name} plan's limit`;
      const ofWorkspace = decision.override_id === null ? ofPlan : "this workspace's limit";
      const whose = ofKey ? "this API key's limit" : ofWorkspace;
      return new AppError(code, `${limit} conversions a month are ${whose}, and they are used.`, {
        details: {
          limit,
          ...(ofKey ? { used: decision.key_used, reserved: 0 } : numbers),
          resets_at: decision.period_end,
          upgrade_url: place.upgradeUrl,
        },
        retryAfterSeconds: resetSeconds,
      });
    }
    case 'spend_cap_reached':
      return new AppError(code, 'Another conversion past the limit would pass the spend cap.', {
        details: {
          cap_minor: decision.spend_cap_minor,
          currency: decision.currency,
          resets_at: decision.period_end,
        },
        retryAfterSeconds: resetSeconds,
      });
    case 'payment_overdue':
      return new AppError(code, 'A payment is overdue. Pay the open invoice to go on.', {
        details: { invoice_url: place.invoiceUrl ?? null },
      });
    case 'suspended':
      return new AppError(code, 'This workspace is suspended. Please ask the operator.');
    case 'file_too_large':
      return fileTooLarge(decision, place.upgradeUrl);
    case 'concurrency_limited':
      return new AppError(
        code,
        `${decision.concurrent_limit} conversions may run at once. Wait for one to finish, or` +
          ' send "Prefer: respond-async" to have it queued.',
        {
          details: { limit: decision.concurrent_limit, active: decision.active },
          retryAfterSeconds: place.slotSeconds ?? 1,
        },
      );
    case 'queue_full':
      return new AppError(code, `${decision.queued} conversions are waiting already.`, {
        details: { limit: decision.queued, active: decision.active },
        retryAfterSeconds: place.slotSeconds ?? 1,
      });
  }
}

/** Whether the limit that refuses is the API key's own. */
export function isKeyUsedUp({ key_limit: limit, key_used: used }: Decision): boolean {
  return limit !== null && (used ?? 0) >= limit;
}

function fileTooLarge(decision: Decision, upgradeUrl: string): AppError {
  const limitBytes = decision.file_bytes_max;
  const megabytes = limitBytes === null ? '' : ` (${Math.floor(limitBytes / 1_048_576)} MB)`;
  return new AppError(
    'file_too_large',
    `The file is larger than the ${decision.plan_name} plan's limit${megabytes}.`,
    { details: { limit_bytes: limitBytes, plan: decision.plan_id, upgrade_url: upgradeUrl } },
  );
}

function numbersOf(decision: Decision) {
  return {
    limit: decision.monthly_limit,
    used: decision.used,
    reserved: decision.reserved,
  };
}
