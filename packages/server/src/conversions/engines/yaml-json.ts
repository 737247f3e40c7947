import { z } from 'zod';
import type { Engine, EngineTask } from './engine.ts';
import { jsonIndent } from './text/options.ts';
import { convertDocument } from './tree/convert-document.ts';
import { writeTree } from './tree/json-tree.ts';
import { readJsonDocument } from './tree/read-json.ts';
import { readYaml } from './tree/read-yaml.ts';
import { writeYaml } from './tree/write-yaml.ts';

const toJson = z.strictObject({ indent: jsonIndent });
const toYaml = z.strictObject({
  indent: z.int().min(2).max(8).default(2).describe('Spaces a level.'),
});

/** YAML to JSON and back, as a whole in memory, up to 32 MB; numbers keep their digits. */
export const yamlJsonEngine: Engine = {
  name: 'yaml-json',
  pairs: [
    { from: 'yaml', to: 'json', options: toJson },
    { from: 'json', to: 'yaml', options: toYaml },
    { from: 'ndjson', to: 'yaml', options: toYaml },
  ],
  timeoutMs: 300_000,
  memoryBytesMax: 1536 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run: (task) => (task.to === 'json' ? fromYaml(task) : intoYaml(task)),
};

function fromYaml(task: EngineTask) {
  const { indent } = task.options as z.infer<typeof toJson>;
  return convertDocument(task, 'YAML is read in UTF-8 or UTF-16', (text) => ({
    text: `${writeTree(readYaml(text), indent)}\n`,
    warnings: [],
  }));
}

function intoYaml(task: EngineTask) {
  const { indent } = task.options as z.infer<typeof toYaml>;
  return convertDocument(task, 'JSON is written in UTF-8', (text) => ({
    text: writeYaml(readJsonDocument(text), indent),
    warnings: [],
  }));
}
