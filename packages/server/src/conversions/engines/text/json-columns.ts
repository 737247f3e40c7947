import { EngineError } from '../engine.ts';
import { columnsMax, headerCharsMax } from './bounds.ts';
import { needsEscape } from './json-text.ts';

/** A place in the elements: `address`, `address.city`, `tags.0`. */
export interface ColumnNode {
  readonly path: string;
  /** The index of its column; -1 while only places below it have one. */
  column: number;
  readonly children: Map<string, ColumnNode>;
  /** Its key as it stands in the text; null where that needs escapes. */
  readonly quotedKey: string | null;
  /** What came first in it, and next to it, the last time: most elements repeat the order. */
  first: ColumnNode | null;
  next: ColumnNode | null;
}

function newNode(path: string, key: string, column: number): ColumnNode {
  const quotedKey = needsEscape.test(key) ? null : `"${key}"`;
  return { path, column, children: new Map(), quotedKey, first: null, next: null };
}

/**
 * The columns of a CSV made of JSON: every path that occurs, in the order of first sight, or only
 * those that the caller lists.
 */
export class JsonColumns {
  readonly root: ColumnNode = newNode('', '', -1);
  readonly #names: string[];
  readonly #byPath: Map<string, number>;
  readonly #isListed: boolean;
  /** Listed paths and what leads to them; anything else is passed over. */
  readonly #wanted: ReadonlySet<string> | null;
  #nameChars = 0;

  constructor(listed: readonly string[] | null) {
    this.#names = [...(listed ?? [])];
    this.#isListed = listed !== null;
    this.#byPath = new Map(this.#names.map((path, index) => [path, index]));
    this.#wanted = listed && new Set(listed.flatMap(prefixes));
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** The place of `key` below `parent`; null where the caller listed nothing there. */
  child(parent: ColumnNode, key: string): ColumnNode | null {
    return parent.children.get(key) ?? this.#addChild(parent, key);
  }

  /**
   * The column of a place that holds a value; -1 where the caller did not list it.
   *
   * @throws EngineError `document_too_complex` for more columns than a sheet can have
   */
  columnOf(node: ColumnNode): number {
    if (node.column === -1) {
      // Two places can have one path: {"a.b": 1} and {"a": {"b": 1}}.
      const known = this.#byPath.get(node.path) ?? -1;
      node.column = known === -1 && !this.#isListed ? this.#addColumn(node.path) : known;
    }
    return node.column;
  }

  #addColumn(path: string): number {
    this.#nameChars += path.length;
    if (this.#names.length >= columnsMax || this.#nameChars > headerCharsMax) {
      throw new EngineError(
        'document_too_complex',
        `There would be more than ${columnsMax} columns, or ${headerCharsMax} characters of ` +
          'names; set "columns", or "nested" to "json".',
      );
    }
    const column = this.#names.push(path) - 1;
    this.#byPath.set(path, column);
    return column;
  }

  #addChild(parent: ColumnNode, key: string): ColumnNode | null {
    const path = parent === this.root ? key : `${parent.path}.${key}`;
    if (this.#wanted !== null && !this.#wanted.has(path)) return null;
    if (path.length > headerCharsMax) {
      throw new EngineError(
        'document_too_complex',
        `A key is longer than ${headerCharsMax} characters.`,
      );
    }
    // Copies: a slice would keep its whole piece of the input in memory.
    const ownKey = copyOf(key);
    const node = newNode(copyOf(path), ownKey, this.#byPath.get(path) ?? -1);
    parent.children.set(ownKey, node);
    return node;
  }
}

/** `a.b.c`, `a.b`, `a`. */
function prefixes(path: string): string[] {
  const found = [path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    found.push(path.slice(0, dot));
  }
  return found;
}

function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
