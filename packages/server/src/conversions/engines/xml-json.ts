import { z } from 'zod';
import type { Engine, EngineTask } from './engine.ts';
import { jsonIndent } from './text/options.ts';
import { convertDocument } from './tree/convert-document.ts';
import { writeTree } from './tree/json-tree.ts';
import { readJsonDocument } from './tree/read-json.ts';
import { XmlReader } from './tree/read-xml.ts';
import { XmlWriter } from './tree/write-xml.ts';

const names = {
  attribute_prefix: z
    .string()
    .max(16)
    .default('@')
    .describe('What the keys of attributes begin with.'),
  text_key: z.string().min(1).max(64).default('#text').describe('The key of text beside others.'),
};

const xmlName = z.string().regex(/^[A-Za-z_][\w.-]{0,99}$/u, 'It must be an XML name.');

const toJson = z.strictObject({
  ...names,
  arrays: z
    .enum(['repeated', 'always'])
    .default('repeated')
    .describe('Children become an array where they are repeated, or always.'),
  types: z
    .enum(['string', 'infer'])
    .default('string')
    .describe('"infer" makes numbers, true, false and null of what can be written back exactly.'),
  indent: jsonIndent,
});

const toXml = z.strictObject({
  ...names,
  root: xmlName.default('root').describe('The outermost element, where the JSON names none.'),
  item: xmlName.default('item').describe('The elements of an array that has no name.'),
  indent: jsonIndent.describe('Spaces a level; 0 adds no white space.'),
});

/** XML to JSON and back, as a whole in memory, up to 32 MB. No DTD, no entities, nothing fetched. */
export const xmlJsonEngine: Engine = {
  name: 'xml-json',
  pairs: [
    { from: 'xml', to: 'json', options: toJson },
    { from: 'json', to: 'xml', options: toXml },
    { from: 'ndjson', to: 'xml', options: toXml },
  ],
  timeoutMs: 300_000,
  memoryBytesMax: 1536 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run: (task) => (task.to === 'json' ? fromXml(task) : intoXml(task)),
};

function fromXml(task: EngineTask) {
  const options = task.options as z.infer<typeof toJson>;
  return convertDocument(task, 'XML is read in UTF-8 or UTF-16', (text) => {
    const reader = new XmlReader(options);
    reader.write(text);
    const tree = reader.end();
    return { text: `${writeTree(tree, options.indent)}\n`, warnings: reader.warnings() };
  });
}

function intoXml(task: EngineTask) {
  return convertDocument(task, 'JSON is written in UTF-8', (text) => {
    const writer = new XmlWriter(task.options as z.infer<typeof toXml>);
    return { text: writer.document(readJsonDocument(text)), warnings: writer.warnings() };
  });
}
