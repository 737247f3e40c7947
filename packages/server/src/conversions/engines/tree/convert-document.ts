import { readFile, stat, writeFile } from 'node:fs/promises';
import type { EngineResult, EngineTask, Warning } from '../engine.ts';
import { decodeText } from '../text/decode.ts';
import { checkDocumentSize } from './read-json.ts';

/** Reads a whole document as text, converts it, and writes the text that comes of it. */
export async function convertDocument(
  task: EngineTask,
  advice: string,
  convert: (text: string) => { text: string; warnings: Warning[] },
): Promise<EngineResult> {
  checkDocumentSize((await stat(task.inputPath)).size);
  task.progress(0, 'reading');
  const input = decodeText(await readFile(task.inputPath), 'utf-8', advice);
  task.progress(10, 'converting');
  const { text, warnings } = convert(input);
  task.progress(90, 'writing');
  await writeFile(task.outputPath, text);
  return { format: task.to, warnings };
}
