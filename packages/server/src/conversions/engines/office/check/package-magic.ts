import { open } from 'node:fs/promises';
import type { Format } from '../../engine.ts';
import { formats } from '../../../registry/formats.ts';
import { encrypted, invalid } from './refusals.ts';

const zipMagic = Buffer.from('PK\u0003\u0004', 'latin1');
const compoundMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/**
 * Looks at the first bytes: an encrypted Office document is a compound file around an encrypted
 * package (MS-OFFCRYPTO 2.3).
 *
 * @throws EngineError `document_encrypted`, `document_invalid`
 */
export async function refuseUnlessZip(path: string, format: Format): Promise<void> {
  const { title } = formats[format];
  const file = await open(path);
  try {
    const { buffer: head, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead >= 4 && head.subarray(0, 4).equals(zipMagic)) return;
    if (!head.equals(compoundMagic)) throw invalid(`The file is not a document of ${title}.`);
    const marker = Buffer.from('EncryptedPackage', 'utf16le');
    for await (const chunk of overlapping(file.createReadStream({ start: 0 }), marker.length)) {
      if (chunk.includes(marker)) throw encrypted();
    }
    throw invalid(`The file is a document of Office 97, not a document of ${title}.`);
  } finally {
    await file.close().catch(() => {});
  }
}

/** Chunks that begin with the end of the one before, so that nothing hides at a border. */
async function* overlapping(chunks: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let tail = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const joined = Buffer.concat([tail, chunk]);
    yield joined;
    tail = joined.subarray(-length);
  }
}
