import type { z } from 'zod';
import { encodeWindows1252 } from '../windows-1252.ts';
import type { EngineTask, Warning } from '../engine.ts';
import { TextReader } from '../text/decode.ts';
import { readPieces } from '../text/files.ts';
import { OutputFile } from '../text/output.ts';
import type { parquetToCsv } from './options.ts';

/** Writes a UTF-8 text into the output in another encoding, or with a byte order mark. */
export async function recode(
  task: EngineTask,
  path: string,
  { encoding, bom }: z.infer<typeof parquetToCsv>,
): Promise<Warning[]> {
  using output = new OutputFile({ inputPath: path, outputPath: task.outputPath });
  const decoder = new TextReader('utf-8', 'that is our fault');
  let unencodable = 0;
  const write = (text: string) => {
    if (encoding === 'utf-8') return output.write(text);
    if (encoding === 'utf-16le') return output.write(Buffer.from(text, 'utf16le'));
    const encoded = encodeWindows1252(text);
    unencodable += encoded.unencodable;
    output.write(encoded.bytes);
  };
  if (bom && encoding !== 'windows-1252') write('\ufeff');
  const phase = { name: 'writing', from: 98, to: 100 };
  for await (const bytes of readPieces({ ...task, inputPath: path }, phase)) {
    write(decoder.write(bytes));
  }
  write(decoder.end());
  if (unencodable === 0) return [];
  const detail = `${unencodable} characters do not exist in the encoding; written as ?.`;
  return [{ code: 'unencodable_characters', detail }];
}
