import type { z } from 'zod';
import type { Engine, EngineTask, Warning } from '../engine.ts';
import { convertDocument } from './convert-document.ts';
import { readJsonDocument } from './read-json.ts';

interface Converted {
  readonly text: string;
  readonly warnings: Warning[];
}

/** A format that holds what JSON holds, and how it is read and written. */
export interface DocumentFormat<ToJson extends z.ZodObject, FromJson extends z.ZodObject> {
  readonly format: 'xml' | 'yaml';
  readonly toJson: ToJson;
  readonly fromJson: FromJson;
  read(text: string, options: z.infer<ToJson>): Converted;
  write(tree: ReturnType<typeof readJsonDocument>, options: z.infer<FromJson>): Converted;
}

/** An engine between a format and JSON, both ways; documents are held in memory as a whole, up to 32 MB. */
export function documentEngine<ToJson extends z.ZodObject, FromJson extends z.ZodObject>(
  spec: DocumentFormat<ToJson, FromJson>,
): Engine {
  const { format } = spec;
  const read = (task: EngineTask) =>
    convertDocument(task, `${format.toUpperCase()} is read in UTF-8 or UTF-16`, (text) =>
      spec.read(text, task.options as z.infer<ToJson>),
    );
  const write = (task: EngineTask) =>
    convertDocument(task, 'JSON is written in UTF-8', (text) =>
      spec.write(readJsonDocument(text), task.options as z.infer<FromJson>),
    );
  return {
    name: `${format}-json`,
    pairs: [
      { from: format, to: 'json', options: spec.toJson },
      { from: 'json', to: format, options: spec.fromJson },
      { from: 'ndjson', to: format, options: spec.fromJson },
    ],
    timeoutMs: 300_000,
    memoryBytesMax: 1536 * 1024 * 1024,
    probe: async () => ({ available: true }),
    run: (task) => (task.to === 'json' ? read(task) : write(task)),
  };
}
