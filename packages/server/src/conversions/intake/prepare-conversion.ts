import type { ConversionDeps } from '../deps.ts';
import { detectFormat, resolveSource } from '../detect/detect.ts';
import type { Format } from '../engines/engine.ts';
import type { ReceivedUpload } from './received-upload.ts';
import { parseOptions } from '../registry/options.ts';
import { conversionType, resolveTarget } from '../registry/registry.ts';

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
