import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { damaged, invalid, tooComplex } from './refusals.ts';
import { XmlBalance } from './xml-balance.ts';

/** All parts together, inflated. */
const inflatedBytesMax = 1024 * 1024 * 1024;
const xmlBytesMax = 256 * 1024 * 1024;
/** From here on a part that inflates more than `ratioMax` times is taken for a bomb. */
const ratioGraceBytes = 32 * 1024 * 1024;
const ratioMax = 200;
const keptBytesMax = 4 * 1024 * 1024;
export const nestedBytesMax = 32 * 1024 * 1024;

const zipMagic = Buffer.from('PK\u0003\u0004', 'latin1');

/** Toolbars and shortcuts of an OpenDocument: LibreOffice itself writes some of them without content. */
const emptyParts = /^Configurations2\//u;

/** What a package and the packages in it may inflate to, together. */
export class Budget {
  readonly depth: number;
  readonly #spent: { bytes: number };

  constructor(depth = 0, spent = { bytes: 0 }) {
    this.depth = depth;
    this.#spent = spent;
  }

  nested(): Budget {
    return new Budget(this.depth + 1, this.#spent);
  }

  /** @throws EngineError `document_too_complex` */
  spend(entry: Entry, partBytes: number, chunkBytes: number): void {
    this.#spent.bytes += chunkBytes;
    if (this.#spent.bytes > inflatedBytesMax) throw tooComplex('more than 1 GB when unpacked');
    if (partBytes > ratioGraceBytes && partBytes > entry.compressedSize * ratioMax) {
      throw tooComplex(`a part that inflates more than ${ratioMax} times`);
    }
  }
}

export interface PartOptions {
  readonly keep: boolean;
  readonly budget: Budget;
}

/**
 * Inflates one part and checks it on the way.
 *
 * @returns its bytes where they are to be kept and are not too many, else null
 */
export async function readPart(
  zip: ZipFile,
  entry: Entry,
  { keep, budget }: PartOptions,
): Promise<Buffer | null> {
  const isXml = /\.(?:xml|rels)$/iu.test(entry.fileName);
  const bytesMax = isXml ? keptBytesMax : nestedBytesMax;
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  const check = isXml ? new XmlPart(entry.fileName) : null;
  let bytes = 0;
  let checksum = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (bytes === 0 && !isXml) refuseHiddenArchive(chunk, entry.fileName);
    bytes += chunk.length;
    budget.spend(entry, bytes, chunk.length);
    checksum = crc32(chunk, checksum);
    if (isXml && bytes > xmlBytesMax) throw tooComplex('a part of more than 256 MB of XML');
    check?.push(chunk);
    if (keep && bytes <= bytesMax) chunks.push(chunk);
  }
  if (bytes > 0 || !emptyParts.test(entry.fileName)) check?.end();
  if (checksum !== entry.crc32) throw damaged(`the checksum of ${entry.fileName} is wrong`);
  return keep && bytes <= bytesMax ? Buffer.concat(chunks) : null;
}

/** A picture or a font that is a ZIP; an embedded document is looked into by its name. */
function refuseHiddenArchive(chunk: Buffer, name: string): void {
  const hidden = chunk.subarray(0, 4).equals(zipMagic);
  if (!hidden || /\.(?:\w{3}[xmb]|od[a-z]|bin)$/iu.test(name)) return;
  throw invalid(`The document is refused: ${name} is an archive.`);
}

/** One XML part: whole, and without a document type. */
class XmlPart {
  readonly #name: string;
  readonly #balance = new XmlBalance();
  #isUtf16: boolean | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  push(chunk: Buffer): void {
    this.#isUtf16 ??= this.#refuseDocumentType(chunk);
    if (!this.#isUtf16) this.#fit(() => this.#balance.push(chunk));
  }

  end(): void {
    if (this.#isUtf16 !== true) this.#fit(() => this.#balance.end());
  }

  #fit(check: () => void): void {
    try {
      check();
    } catch (error) {
      throw damaged(`${this.#name}: ${error instanceof Error ? error.message : ''}`, error);
    }
  }

  /** Also in UTF-16, which is not read further: its zero bytes are left out of the comparison. */
  #refuseDocumentType(chunk: Buffer): boolean {
    const head = chunk.subarray(0, 16 * 1024).toString('latin1');
    if (/<!DOCTYPE|<!ENTITY/iu.test(head.replaceAll('\0', ''))) {
      throw invalid(`The document is refused: ${this.#name} declares a document type.`);
    }
    return /^(?:\u00ff\u00fe|\u00fe\u00ff|<\0|\0<)/u.test(head);
  }
}
