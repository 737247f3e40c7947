import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { EngineError } from '../engine.ts';
import { jsonNumber } from '../text/json-text.ts';
import { nullTree, type JsonTree } from './json-tree.ts';

const depthMax = 100;
/** Values in the JSON, those that aliases repeat counted each time: a bomb has billions. */
const nodesMax = 2_000_000;
const aliasDepthMax = 20;

/**
 * Reads YAML 1.2 (core schema) into a tree; several documents become an array. Numbers keep the
 * digits that they are written with.
 *
 * @throws EngineError `document_invalid` for what is not valid, repeated keys, tags of somebody's own
 * and keys that are no text; `document_too_complex` for what is nested or repeated too much
 */
export function readYaml(text: string): JsonTree {
  checkNesting(text);
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    // Checked below: the library compares each key with all before it.
    uniqueKeys: false,
    merge: false,
    prettyErrors: true,
    logLevel: 'silent',
  });
  if (!Array.isArray(documents)) return nullTree;
  const trees = documents.map((document) => new YamlTree(document as Document.Parsed).read());
  const [only = nullTree, ...more] = trees;
  return more.length === 0 ? only : { kind: 'array', items: trees };
}

/** The parser calls itself for each level: what is absurdly deep must not get that far. */
function checkNesting(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
    else if (code === 0x0a && depth < depthMax) depth = 0;
    if (depth > 10 * depthMax) throw tooDeep();
  }
  const deepest = /^(?:[-?] ?){101}/mu;
  if (deepest.test(text)) throw tooDeep();
}

class YamlTree {
  readonly #document: Document.Parsed;
  /** What each alias stands for: the library's own search goes through the document every time. */
  readonly #targets = new Map<Alias, ParsedNode>();
  #nodes = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  read(): JsonTree {
    const [problem] = this.#document.errors;
    if (problem) {
      // The parser calls itself for each level, and is caught by itself when it has gone too far.
      if (problem.message.includes('call stack')) throw tooDeep();
      const what = problem.message.split('\n', 1)[0]?.slice(0, 300).replace(/[.:]$/u, '') ?? '';
      throw new EngineError('document_invalid', `The YAML is not valid: ${what}.`);
    }
    // A tag that is not of the schema is only warned of, and its value would be guessed.
    const [unknown] = this.#document.warnings;
    if (unknown) {
      const what = unknown.message.split('\n', 1)[0]?.slice(0, 300).replace(/[.:]$/u, '') ?? '';
      throw new EngineError(
        'document_invalid',
        `The YAML has something that is not JSON: ${what}.`,
      );
    }
    const anchors = new Map<string, ParsedNode>();
    visit(this.#document, {
      Alias: (_key, alias) => {
        const target = anchors.get(alias.source);
        if (target) this.#targets.set(alias, target);
      },
      Value: (_key, node) => {
        if (node.anchor !== undefined) anchors.set(node.anchor, node as ParsedNode);
      },
    });
    return this.#tree(this.#document.contents, 0, 0);
  }

  #tree(node: ParsedNode | null, depth: number, aliases: number): JsonTree {
    this.#nodes += 1;
    if (depth > depthMax) throw tooDeep();
    if (this.#nodes > nodesMax || aliases > aliasDepthMax) {
      throw new EngineError('document_too_complex', 'The YAML repeats too much by its aliases.');
    }
    if (node === null) return nullTree;
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      if (!target) throw new EngineError('document_invalid', 'A YAML alias has no anchor.');
      return this.#tree(target, depth, aliases + 1);
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#tree(item, depth + 1, aliases));
      return { kind: 'array', items };
    }
    if (isMap(node)) return this.#mapTree(node, depth, aliases);
    return isScalar(node) ? scalarTree(node) : nullTree;
  }

  #mapTree({ items }: YAMLMap.Parsed, depth: number, aliases: number): JsonTree {
    const own = new Map<string, JsonTree>();
    const merges: JsonTree[] = [];
    for (const { key, value } of items) {
      const tree = this.#tree(value, depth + 1, aliases);
      if (isScalar(key) && key.value === '<<' && key.type === 'PLAIN') {
        merges.push(tree);
        continue;
      }
      const name = keyOf(key);
      if (own.has(name)) throw repeated(name);
      own.set(name, tree);
    }
    return { kind: 'object', members: merges.length === 0 ? [...own] : merge([...own], merges) };
  }
}

function repeated(name: string): EngineError {
  const message = `The YAML is not valid: the key ${JSON.stringify(name.slice(0, 100))} is repeated.`;
  return new EngineError('document_invalid', message);
}

type Member = readonly [string, JsonTree];

/** `<<` of YAML 1.1, which many files still use: the members of other maps, unless its own has them. */
function merge(own: readonly Member[], merges: readonly JsonTree[]): readonly Member[] {
  const known = new Set(own.map(([key]) => key));
  const sources = merges.flatMap((tree) => (tree.kind === 'array' ? tree.items : [tree]));
  const taken = sources.flatMap((source) => {
    if (source.kind !== 'object') {
      throw new EngineError('document_invalid', 'A YAML merge ("<<") is of something but maps.');
    }
    return source.members.filter(([key]) => !known.has(key) && known.add(key));
  });
  return [...taken, ...own];
}

function keyOf(key: ParsedNode | null): string {
  if (key === null) return 'null';
  if (!isScalar(key)) {
    throw new EngineError('document_invalid', 'A YAML key is a list, a map or an alias.');
  }
  const tree = scalarTree(key);
  return tree.kind === 'string' || tree.kind === 'scalar' ? tree.text : '';
}

function scalarTree({ value, source }: Scalar): JsonTree {
  if (typeof value === 'string') return { kind: 'string', text: value };
  if (typeof value === 'boolean') return { kind: 'scalar', text: String(value) };
  if (typeof value === 'number' || typeof value === 'bigint')
    return numberTree(value, source ?? '');
  if (value === null || value === undefined) return nullTree;
  throw new EngineError('document_invalid', 'The YAML has a value that JSON cannot hold.');
}

/** As it is written where JSON writes it so; `.inf` and `.nan`, which JSON has not, as text. */
function numberTree(value: number | bigint, source: string): JsonTree {
  if (jsonNumber.test(source)) return { kind: 'scalar', text: source };
  if (typeof value === 'number' && !Number.isFinite(value)) return { kind: 'string', text: source };
  // Leading zeros are somebody's code.
  if (/^0\d/u.test(source)) return { kind: 'string', text: source };
  const digits = /^([-+]?)(\d+)((?:\.\d*)?)((?:[eE][-+]?\d+)?)$/u.exec(source);
  if (!digits) {
    // Octal and hexadecimal numbers are whole; a fraction may begin with its point.
    const isWhole = /^0[ox]/u.test(source);
    return { kind: 'scalar', text: isWhole ? BigInt(source).toString() : String(value) };
  }
  const [, sign = '', integer = '', fraction = '', exponent = ''] = digits;
  const text = (sign === '-' ? '-' : '') + integer + (fraction === '.' ? '' : fraction) + exponent;
  return jsonNumber.test(text) ? { kind: 'scalar', text } : { kind: 'string', text: source };
}

function tooDeep(): EngineError {
  const message = `The YAML is nested more than ${depthMax} levels deep.`;
  return new EngineError('document_too_complex', message);
}
