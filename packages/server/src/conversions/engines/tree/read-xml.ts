import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { EngineError, type Warning } from '../engine.ts';
import { jsonNumber } from '../text/json-text.ts';
import { nullTree, type JsonTree } from './json-tree.ts';

export interface XmlShape {
  readonly attribute_prefix: string;
  readonly text_key: string;
  readonly arrays: 'repeated' | 'always';
  readonly types: 'string' | 'infer';
}

const depthMax = 100;
const elementsMax = 2_000_000;

type Members = Map<string, JsonTree[]>;

interface Element {
  readonly name: string;
  readonly attributes: readonly (readonly [string, JsonTree])[];
  readonly children: Members;
  text: string;
}

/**
 * Reads XML into a tree: an element becomes an object of its attributes, children and text, and one
 * with text only becomes that text. Document type declarations are refused, so there are no entities
 * but the five of the language, and nothing is ever fetched.
 */
export class XmlReader {
  readonly #shape: XmlShape;
  readonly #parser = new SaxesParser({ xmlns: false, position: true });
  readonly #open: Element[] = [];
  #root: readonly [string, JsonTree] | null = null;
  #elements = 0;
  #comments = 0;
  #mixed = 0;

  constructor(shape: XmlShape) {
    this.#shape = shape;
    const parser = this.#parser;
    parser.on('error', (error) => {
      const [, place = '', what = error.message] = /^(\d+:\d+): (.*)$/su.exec(error.message) ?? [];
      const where = place === '' ? '' : ` at line ${place.replace(':', ', character ')}`;
      const message = `The XML is not valid${where}: ${what.slice(0, 200).replace(/\.$/u, '')}.`;
      throw new EngineError('document_invalid', message);
    });
    parser.on('doctype', () => {
      throw new EngineError(
        'document_invalid',
        'The XML has a document type declaration (<!DOCTYPE …>), which is not read: remove it.',
      );
    });
    parser.on('opentag', (tag) => this.#begin(tag));
    parser.on('closetag', () => this.#end());
    parser.on('text', (text) => this.#addText(text));
    parser.on('cdata', (text) => this.#addText(text));
    parser.on('comment', () => (this.#comments += 1));
    parser.on('processinginstruction', () => (this.#comments += 1));
  }

  /** @throws EngineError `document_invalid`, `document_too_complex` */
  write(text: string): void {
    this.#parser.write(text);
  }

  /** @throws EngineError `document_invalid` */
  end(): JsonTree {
    this.#parser.close();
    if (this.#root === null) throw new EngineError('document_invalid', 'The XML has no element.');
    return { kind: 'object', members: [this.#root] };
  }

  warnings(): Warning[] {
    const warnings: Warning[] = [];
    if (this.#comments > 0) {
      const detail = `${this.#comments} comments and processing instructions were left out.`;
      warnings.push({ code: 'comments_left_out', detail });
    }
    if (this.#mixed > 0) {
      const detail =
        `${this.#mixed} elements have text between their children; it is kept together under ` +
        `"${this.#shape.text_key}", without its places.`;
      warnings.push({ code: 'mixed_content', detail });
    }
    return warnings;
  }

  #begin({ name, attributes }: SaxesTagPlain): void {
    this.#elements += 1;
    if (this.#open.length >= depthMax || this.#elements > elementsMax) {
      throw new EngineError(
        'document_too_complex',
        `The XML has more than ${depthMax} levels or ${elementsMax} elements.`,
      );
    }
    const { attribute_prefix: prefix } = this.#shape;
    this.#open.push({
      name,
      attributes: Object.entries(attributes).map(
        ([key, value]) => [prefix + key, this.#value(value)] as const,
      ),
      children: new Map(),
      text: '',
    });
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element) element.text += text;
  }

  #end(): void {
    const element = this.#open.pop();
    if (!element) return;
    const tree = this.#treeOf(element);
    const parent = this.#open.at(-1);
    if (!parent) {
      this.#root = [element.name, tree];
      return;
    }
    const siblings = parent.children.get(element.name);
    if (siblings) siblings.push(tree);
    else parent.children.set(element.name, [tree]);
  }

  #treeOf({ attributes, children, text }: Element): JsonTree {
    const isSpace = text.trim() === '';
    if (attributes.length === 0 && children.size === 0) {
      return text === '' ? this.#emptyElement() : this.#value(text);
    }
    const members: (readonly [string, JsonTree])[] = [...attributes];
    for (const [name, [first = nullTree, ...more]] of children) {
      const isArray = more.length > 0 || this.#shape.arrays === 'always';
      members.push([name, isArray ? { kind: 'array', items: [first, ...more] } : first]);
    }
    if (!isSpace) {
      if (children.size > 0) this.#mixed += 1;
      members.push([this.#shape.text_key, this.#value(children.size > 0 ? text.trim() : text)]);
    }
    return { kind: 'object', members: withoutRepeats(members) };
  }

  #emptyElement(): JsonTree {
    return this.#shape.types === 'infer' ? nullTree : { kind: 'string', text: '' };
  }

  /** Typed only where writing the value back gives the same text. */
  #value(text: string): JsonTree {
    if (this.#shape.types === 'infer') {
      const isExact = jsonNumber.test(text) && String(Number(text)) === text;
      if (isExact || text === 'true' || text === 'false') return { kind: 'scalar', text };
    }
    return { kind: 'string', text };
  }
}

/** An attribute and a child may have one name, where the prefix is empty: both are kept. */
function withoutRepeats(members: (readonly [string, JsonTree])[]): (readonly [string, JsonTree])[] {
  const byName = new Map<string, JsonTree>();
  for (const [name, tree] of members) {
    const before = byName.get(name);
    const items = before
      ? [before, tree].flatMap((one) => (one.kind === 'array' ? one.items : [one]))
      : [];
    byName.set(name, before ? { kind: 'array', items } : tree);
  }
  return byName.size === members.length ? members : [...byName];
}
