import { z } from 'zod';
import { jsonIndent } from './text/options.ts';
import { documentEngine } from './tree/document-engine.ts';
import { writeTree } from './tree/json-tree.ts';
import { readYaml } from './tree/read-yaml.ts';
import { writeYaml } from './tree/write-yaml.ts';

const toJson = z.strictObject({ indent: jsonIndent });
const toYaml = z.strictObject({
  indent: z.int().min(2).max(8).default(2).describe('Spaces a level.'),
});

/** YAML to JSON and back; numbers keep their digits. */
export const yamlJsonEngine = documentEngine({
  format: 'yaml',
  toJson,
  fromJson: toYaml,
  read: (text, { indent }) => ({ text: `${writeTree(readYaml(text), indent)}\n`, warnings: [] }),
  write: (tree, { indent }) => ({ text: writeYaml(tree, indent), warnings: [] }),
});
