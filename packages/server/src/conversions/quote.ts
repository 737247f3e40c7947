import { z } from 'zod';
import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';
import type { ConversionDeps } from './deps.ts';
import { parseFormat } from './registry/formats.ts';
import { conversionType, resolveTarget } from './registry/registry.ts';

export const quoteRequestSchema = z.strictObject({
  to: z.string().min(1),
  from: z.string().min(1),
  size_bytes: z.int().nonnegative(),
});

export const quoteSchema = z
  .object({
    object: z.literal('quote'),
    type: z.string(),
    verdict: z.string(),
    allowed: z.boolean(),
    /** The limit that decides, where one does. */
    limit: z.int().nullable(),
    used: z.int(),
    reserved: z.int(),
    remaining: z.int().nullable(),
    billed_as: z.enum(['included', 'overage', 'none']),
    unit_amount: z.string().nullable(),
    currency: z.string().nullable(),
    resets_at: z.string(),
  })
  .meta({ id: 'Quote' });

/**
 * What admission would decide now, and what the conversion would cost; nothing is reserved.
 * @throws AppError `unsupported_conversion`
 */
export async function quoteConversion(
  ctx: Context,
  deps: ConversionDeps,
  apiKeyId: string | null,
  request: z.infer<typeof quoteRequestSchema>,
): Promise<z.infer<typeof quoteSchema>> {
  const from = parseFormat(request.from);
  if (from === null) {
    throw new AppError('unsupported_conversion', `There is no format "${request.from}".`, {
      details: { supported_targets: [] },
    });
  }
  const { to } = resolveTarget(from, request.to, deps.registry);
  const type = conversionType(from, to);
  const decision = await deps.metering.look({
    organizationId: ctx.organization.id,
    mode: request.size_bytes > deps.settings.syncBytesMax ? 'async' : 'sync',
    type,
    sizeBytes: request.size_bytes,
    apiKeyId,
  });
  const { verdict, monthly_limit: limit, used, reserved } = decision;
  const overage = verdict === 'allowed_overage';
  const allowed = overage || verdict === 'allowed';
  const amount = decision.overage_policy === 'charge' ? decision.unit_amount : '0';
  return {
    object: 'quote',
    type,
    verdict,
    allowed,
    limit,
    used,
    reserved,
    remaining: limit === null ? null : Math.max(0, limit - used - reserved),
    billed_as: allowed ? (overage ? 'overage' : 'included') : 'none',
    unit_amount: overage ? amount : null,
    currency: overage ? decision.currency : null,
    resets_at: decision.period_end,
  };
}
