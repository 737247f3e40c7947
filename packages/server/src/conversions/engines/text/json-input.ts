import { z } from 'zod';
import { columnsMax } from './bounds.ts';
import { TextReader } from './decode.ts';
import { readPieces } from './files.ts';
import type { ReadPhase, ReadTask } from './files.ts';
import type { JsonElements } from './json-elements.ts';

/** The options of every conversion that makes records of JSON. */
export const jsonInputShape = {
  columns: z
    .array(z.string().min(1))
    .min(1)
    .max(columnsMax)
    .refine((names) => new Set(names).size === names.length, 'A column may be listed only once.')
    .optional()
    .describe('Paths to write, in this order (address.city, tags.0); without it, all of them.'),
  nested: z
    .enum(['flatten', 'refuse', 'json'])
    .default('flatten')
    .describe('Nested values: a column for each path, an error, or JSON text in one column.'),
};

/** What to tell about bytes that are no text. */
export const jsonEncodingAdvice = 'JSON is written in UTF-8';

/**
 * Reads a task's input once, element by element; `afterPiece` may slow it down.
 *
 * @throws EngineError
 */
export async function readJson(
  elements: JsonElements,
  task: ReadTask,
  phase: ReadPhase,
  afterPiece?: () => Promise<void>,
): Promise<void> {
  const decoder = new TextReader('utf-8', jsonEncodingAdvice);
  for await (const bytes of readPieces(task, phase)) {
    elements.write(decoder.write(bytes));
    await afterPiece?.();
  }
  elements.write(decoder.end());
  elements.end();
}
