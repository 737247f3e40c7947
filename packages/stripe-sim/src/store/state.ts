import type { Document } from './documents.ts';
import type { Kind, Kinds } from './kinds.ts';

export interface Change {
  readonly kind: Kind;
  readonly id: string;
  /** null: removed. */
  readonly document: Document | null;
}

/** What a transaction reads from: the committed state, or another transaction. */
export interface View {
  find<K extends Kind>(kind: K, id: string): Readonly<Kinds[K]> | undefined;
  scan<K extends Kind>(kind: K, owner?: string): Iterable<Readonly<Kinds[K]>>;
}

/** When something happens to a document by itself. */
export interface Due {
  readonly kind: Kind;
  readonly id: string;
  readonly at: number;
  readonly seq: number;
  /** The test clock it goes by; null: business time. */
  readonly testClock: string | null;
}

/** Says when a document is due; null: never. */
export type DueRule = (document: Readonly<Document>) => number | null;

/** The committed documents, in memory, by kind and by owner. Only `apply` changes it. */
export class State implements View {
  readonly #due = new Map<string, Due>();
  readonly #dueRule: DueRule;
  readonly #byKind = new Map<string, Map<string, Document>>();
  readonly #byOwner = new Map<string, Map<string, Document>>();
  #lastSeq = 0;

  constructor(dueRule: DueRule) {
    this.#dueRule = dueRule;
  }

  /** All that will happen by itself, in no order. */
  dues(): Iterable<Due> {
    return this.#due.values();
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  find<K extends Kind>(kind: K, id: string): Readonly<Kinds[K]> | undefined {
    return this.#byKind.get(kind)?.get(id) as Kinds[K] | undefined;
  }

  *scan<K extends Kind>(kind: K, owner?: string): Iterable<Readonly<Kinds[K]>> {
    const documents =
      owner === undefined ? this.#byKind.get(kind) : this.#byOwner.get(`${kind} ${owner}`);
    for (const document of documents?.values() ?? []) yield document as Kinds[K];
  }

  apply(changes: Iterable<Change>): void {
    for (const { kind, id, document } of changes) {
      const before = this.#byKind.get(kind)?.get(id);
      if (before?.sim_owner !== undefined && before.sim_owner !== document?.sim_owner) {
        this.#byOwner.get(`${kind} ${before.sim_owner}`)?.delete(id);
      }
      this.#due.delete(`${kind} ${id}`);
      if (document === null) {
        this.#byKind.get(kind)?.delete(id);
        continue;
      }
      mapAt(this.#byKind, kind).set(id, document);
      if (document.sim_owner !== undefined) {
        mapAt(this.#byOwner, `${kind} ${document.sim_owner}`).set(id, document);
      }
      this.#remember(kind, document);
      this.#lastSeq = Math.max(this.#lastSeq, document.sim_seq);
    }
  }

  #remember(kind: Kind, document: Document): void {
    const at = this.#dueRule(document);
    if (at === null) return;
    const testClock = document['test_clock'];
    this.#due.set(`${kind} ${document.id}`, {
      kind,
      id: document.id,
      at,
      seq: document.sim_seq,
      testClock: typeof testClock === 'string' ? testClock : null,
    });
  }
}

function mapAt<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const found = maps.get(key) ?? new Map<string, Value>();
  maps.set(key, found);
  return found;
}
