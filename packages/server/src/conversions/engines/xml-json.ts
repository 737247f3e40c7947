import { z } from 'zod';
import { jsonIndent } from './text/options.ts';
import { documentEngine } from './tree/document-engine.ts';
import { writeTree } from './tree/json-tree.ts';
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

/** XML to JSON and back. No DTD, no entities, nothing fetched. */
export const xmlJsonEngine = documentEngine({
  format: 'xml',
  toJson,
  fromJson: toXml,
  read: (text, options) => {
    const reader = new XmlReader(options);
    reader.write(text);
    const tree = reader.end();
    return { text: `${writeTree(tree, options.indent)}\n`, warnings: reader.warnings() };
  },
  write: (tree, options) => {
    const writer = new XmlWriter(options);
    return { text: writer.document(tree), warnings: writer.warnings() };
  },
});
