import { AppError } from '../errors.ts';
import type { ConversionDeps } from './deps.ts';
import { detectFormat, resolveSource } from './detect.ts';
import type { Format } from './engines/engine.ts';
import type { ReceivedUpload } from './receive-upload.ts';
import { parseOptions } from './options.ts';
import { conversionType, resolveTarget } from './registry.ts';

export interface PreparedConversion {
  readonly from: Format;
  readonly to: Format;
  readonly type: string;
  readonly options: Record<string, unknown>;
}

/**
 * Settles what is to be converted into what: by the content first, then by what the request says.
 *
 * @throws AppError `unsupported_format`, `unsupported_conversion`, `document_encrypted`,
 * `document_invalid`, `invalid_request`; nothing was admitted then
 */
export async function prepareConversion(
  deps: Pick<ConversionDeps, 'registry'>,
  upload: ReceivedUpload,
): Promise<PreparedConversion> {
  const { file, fields } = upload;
  const detected = await detectFormat({
    head: file.head,
    filename: file.filename,
    ...(file.bytes === null ? { path: upload.path } : { bytes: file.bytes }),
  });
  const from = resolveSource({ declaredFrom: fields.from, detected, filename: file.filename });
  const offer = resolveTarget(from, fields.to, deps.registry);
  return {
    from,
    to: offer.to,
    type: conversionType(from, offer.to),
    options: parseOptions(offer, fields.options),
  };
}

/** The `options` or `metadata` of a request: a JSON object. @throws AppError `invalid_request` */
export function parseJsonField(
  name: 'options' | 'metadata',
  text: string | undefined,
): Record<string, unknown> {
  if (text === undefined || text.trim() === '') return {};
  let detail = 'must be a JSON object';
  try {
    const value: unknown = JSON.parse(text);
    if (isStorable(value, depthMax)) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return value as Record<string, unknown>;
      }
    } else {
      detail += ` of whole Unicode texts without U+0000, nested at most ${depthMax} deep`;
    }
  } catch {
    // Told below, with the rest.
  }
  throw new AppError('invalid_request', `The field "${name}" ${detail}.`, {
    details: { errors: [{ pointer: `/${name}`, detail }] },
  });
}

const depthMax = 100;

/** Whether PostgreSQL takes it as `jsonb`, which refuses more than JSON does. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([name, member]) => isStorable(name, depth) && isStorable(member, depth - 1),
  );
}
