import { isJson } from '../http/raw-json.ts';
import { isRefused, roomVerdicts } from '../metering/refusal.ts';
import { isRoomHeldByTheDead } from '../metering/room.ts';
import type { Decision } from '../metering/schema.ts';
import type { ConversionRequest } from './intake/conversion-request.ts';
import type { ConversionDeps } from './deps.ts';
import { refuse } from './refuse.ts';

/** Multipart framing and fields: a body may be this much larger than its file. */
const multipartOverheadBytes = 1_048_576;

/**
 * Refuses whoever would surely be refused, before a byte of the body is read; admission decides
 * again. A repeated request is let through: it may have been answered already.
 *
 * @throws AppError as admission would
 */
export async function lookBeforeUpload(
  deps: ConversionDeps,
  call: ConversionRequest,
): Promise<Decision> {
  const { ctx, preferences } = call;
  const header = call.request.headers['content-length'];
  const lengthBytes = header === undefined ? null : Number(header);
  const surelyAsync =
    preferences.respondAsync ||
    (lengthBytes !== null && lengthBytes > deps.settings.syncBytesMax + multipartOverheadBytes);
  // A JSON request is short whatever the size of the file that its URL stands for.
  const isForm = !isJson(call.request.headers['content-type']);
  const surelySync =
    !surelyAsync && isForm && lengthBytes !== null && lengthBytes <= deps.settings.syncBytesMax;
  const decision = await deps.looks.look({
    organizationId: ctx.organization.id,
    mode: surelySync ? 'sync' : 'async',
    type: '',
    sizeBytes: 0,
    apiKeyId: call.apiKeyId,
  });
  if (call.claim !== null && (call.claim.kind === 'stored' || call.claim.takenOver)) {
    return decision;
  }
  if (isRefused(decision)) {
    const { verdict } = decision;
    const uncertain =
      (verdict === 'queue_full' && !surelyAsync) ||
      (roomVerdicts.has(verdict) && (await isRoomHeldByTheDead(ctx, ctx.organization.id)));
    if (!uncertain) throw await refuse(deps, ctx, decision);
  }
  return decision;
}

/** The plan's limit, or the operator's where the plan has none. */
export function fileLimitBytes(deps: ConversionDeps, decision: Decision): number {
  return Math.min(decision.file_bytes_max ?? Infinity, deps.settings.uploadBytesMax);
}
