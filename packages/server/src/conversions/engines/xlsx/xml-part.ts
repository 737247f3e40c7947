import { EngineError } from '../engine.ts';
import type { Archive } from './archive.ts';
import { XmlTokenizer } from './xml-tokenizer.ts';
import type { XmlHandler } from './xml-tokenizer.ts';

export interface PartReading {
  readonly signal?: AbortSignal;
  /** Called after each piece with the inflated bytes read so far. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Reads one XML part to its end.
 *
 * @throws EngineError for a damaged part, or the signal's reason when aborted.
 */
export async function readPart(
  archive: Archive,
  name: string,
  handler: XmlHandler,
  reading: PartReading = {},
): Promise<void> {
  const tokenizer = new XmlTokenizer(handler);
  let decode: ((chunk: Buffer) => Buffer) | undefined;
  let size = 0;
  for await (const chunk of archive.chunks(name)) {
    reading.signal?.throwIfAborted();
    decode ??= decoderFor(chunk);
    size += chunk.length;
    tokenizer.write(decode(chunk));
    reading.onBytes?.(size);
  }
  tokenizer.end();
}

/** Attributes of one element by local name. */
export type ReadAttribute = (name: string) => string | undefined;

/**
 * Reads a part of which only start tags matter.
 *
 * @param visit is called with the local name of each element, in document order.
 */
export async function readElements(
  archive: Archive,
  name: string,
  visit: (element: string, attribute: ReadAttribute) => void,
): Promise<void> {
  await readPart(archive, name, {
    open: (bytes, nameStart, nameEnd, attributes) =>
      visit(bytes.toString('latin1', nameStart, nameEnd), (key) => attributes.get(bytes, key)),
    close: () => undefined,
    text: () => undefined,
  });
}

/** The tokenizer wants UTF-8; everything else is decoded by its mark or its declaration. */
function decoderFor(first: Buffer): (chunk: Buffer) => Buffer {
  const label = encodingOf(first);
  if (label === 'utf-8' || label === 'us-ascii' || label === 'ascii') return (chunk) => chunk;
  try {
    const decoder = new TextDecoder(label);
    return (chunk) => Buffer.from(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    throw new EngineError('document_invalid', `The encoding ${label} is not known.`, error);
  }
}

function encodingOf(first: Buffer): string {
  const [one, two] = first;
  if ((one === 0xff && two === 0xfe) || (one === 0x3c && two === 0)) return 'utf-16le';
  if ((one === 0xfe && two === 0xff) || (one === 0 && two === 0x3c)) return 'utf-16be';
  const declaration = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']/;
  return declaration.exec(first.toString('latin1', 0, 256))?.[1]?.toLowerCase() ?? 'utf-8';
}
