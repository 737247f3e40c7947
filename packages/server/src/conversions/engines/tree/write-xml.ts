import { EngineError, type Warning } from '../engine.ts';
import type { JsonTree } from './json-tree.ts';

export interface XmlLayout {
  readonly attribute_prefix: string;
  readonly text_key: string;
  readonly root: string;
  readonly item: string;
  readonly indent: number;
}

/** What an XML name may not be made of; colons only between two parts. */
const nameStart =
  /^[:A-Z_a-z\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{2ff}\u{370}-\u{37d}\u{37f}-\u{1fff}\u{200c}-\u{200d}\u{2070}-\u{218f}\u{2c00}-\u{2fef}\u{3001}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{effff}]/u;
const notInName =
  /[^-.:\w\u{b7}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{37d}\u{37f}-\u{1fff}\u{200c}-\u{200d}\u{203f}-\u{2040}\u{2070}-\u{218f}\u{2c00}-\u{2fef}\u{3001}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{effff}]/gu;
/** What XML 1.0 cannot hold at all, not even as a reference. */
// eslint-disable-next-line no-control-regex
const notInXml = /[\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}\u{d800}-\u{dfff}]/gu;

/**
 * Writes a tree as XML: members become elements, or attributes where their name begins with the
 * prefix; an array becomes one element for each item. An object of one member that is no list is its
 * own root.
 */
export class XmlWriter {
  readonly #layout: XmlLayout;
  #renamed = 0;
  #dropped = 0;

  constructor(layout: XmlLayout) {
    this.#layout = layout;
  }

  document(tree: JsonTree): string {
    const [name, root] = this.#rootOf(tree);
    return `<?xml version="1.0" encoding="UTF-8"?>\n${this.#elements(name, root, 0).trimStart()}\n`;
  }

  warnings(): Warning[] {
    const warnings: Warning[] = [];
    if (this.#renamed > 0) {
      const detail = `${this.#renamed} keys are no XML names; what does not fit became _.`;
      warnings.push({ code: 'names_changed', detail });
    }
    if (this.#dropped > 0) {
      const detail = `${this.#dropped} control characters cannot be written in XML; now U+FFFD.`;
      warnings.push({ code: 'characters_replaced', detail });
    }
    return warnings;
  }

  #rootOf(tree: JsonTree): readonly [string, JsonTree] {
    const { root, item, attribute_prefix: prefix, text_key: textKey } = this.#layout;
    if (tree.kind === 'array') {
      return [root, { kind: 'object', members: [[item, tree]] }];
    }
    if (tree.kind === 'object' && tree.members.length === 1) {
      const [[name, value] = ['', tree]] = tree.members;
      const isElement = name !== textKey && !(prefix !== '' && name.startsWith(prefix));
      if (value.kind !== 'array' && isElement) return [name, value];
    }
    return [root, tree];
  }

  #elements(name: string, tree: JsonTree, level: number): string {
    if (tree.kind !== 'array') return this.#element(name, tree, level);
    const { item } = this.#layout;
    return tree.items
      .map((one) =>
        // An array in an array needs elements of its own, or the two would become one.
        one.kind === 'array'
          ? this.#element(name, { kind: 'object', members: [[item, one]] }, level)
          : this.#element(name, one, level),
      )
      .join('');
  }

  #element(key: string, tree: JsonTree, level: number): string {
    const name = this.#name(key);
    const start = this.#newline(level);
    if (tree.kind !== 'object') {
      const text = tree.kind === 'array' ? '' : this.#scalar(tree);
      return text === '' ? `${start}<${name}/>` : `${start}<${name}>${text}</${name}>`;
    }
    const { attribute_prefix: prefix, text_key: textKey } = this.#layout;
    let attributes = '';
    let text = '';
    let children = '';
    for (const [member, value] of tree.members) {
      const isScalar = value.kind === 'scalar' || value.kind === 'string';
      if (isScalar && member === textKey) {
        text += this.#scalar(value);
      } else if (isScalar && prefix !== '' && member.startsWith(prefix) && member !== prefix) {
        const quoted = this.#scalar(value)
          .replaceAll('"', '&quot;')
          .replaceAll('\n', '&#10;')
          .replaceAll('\t', '&#9;');
        attributes += ` ${this.#name(member.slice(prefix.length))}="${quoted}"`;
      } else {
        children += this.#elements(member, value, level + 1);
      }
    }
    if (text === '' && children === '') return `${start}<${name}${attributes}/>`;
    const end = children === '' ? '' : this.#newline(level);
    return `${start}<${name}${attributes}>${text}${children}${end}</${name}>`;
  }

  #scalar(tree: JsonTree & { kind: 'scalar' | 'string' }): string {
    if (tree.kind === 'scalar') return tree.text === 'null' ? '' : tree.text;
    return tree.text
      .replaceAll(notInXml, () => {
        this.#dropped += 1;
        return '\ufffd';
      })
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('\r', '&#13;');
  }

  #name(key: string): string {
    let name = key.replaceAll(notInName, '_');
    if (!nameStart.test(name) || /^:|:$|:.*:/u.test(name)) name = `_${name.replaceAll(':', '_')}`;
    if (name !== key) this.#renamed += 1;
    if (name.length <= 1000) return name;
    throw new EngineError('document_too_complex', 'A key is longer than 1,000 characters.');
  }

  #newline(level: number): string {
    const { indent } = this.#layout;
    return indent === 0 ? '' : `\n${' '.repeat(indent * level)}`;
  }
}
