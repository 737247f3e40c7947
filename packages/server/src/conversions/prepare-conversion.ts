import { AppError } from '../errors.ts';
import type { ConversionDeps } from './deps.ts';
import { detectFormat, resolveSource } from './detect.ts';
import type { Format } from './engines/engine.ts';
import type { ReceivedUpload } from './receive-upload.ts';
import { conversionType, parseOptions, resolveTarget } from './registry.ts';

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
  const { pair } = resolveTarget(from, fields.to, deps.registry);
  return {
    from,
    to: pair.to,
    type: conversionType(from, pair.to),
    options: parseOptions(pair, fields.options),
  };
}

/** The `options` or `metadata` of a request: a JSON object. @throws AppError `invalid_request` */
export function parseJsonField(
  name: 'options' | 'metadata',
  text: string | undefined,
): Record<string, unknown> {
  if (text === undefined || text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below, with the rest.
  }
  const detail = `The field "${name}" must be a JSON object.`;
  throw new AppError('invalid_request', detail, {
    details: { errors: [{ pointer: `/${name}`, detail: 'must be a JSON object' }] },
  });
}
