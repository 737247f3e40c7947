import { randomBytes } from 'node:crypto';
import type { Document } from './documents.ts';
import type { Kind, Kinds } from './kinds.ts';
import { idPrefixes } from './kinds.ts';
import type { Settings } from './payment-documents.ts';
import type { Change, View } from './state.ts';

/**
 * A unit of work over the state. `get` hands out a copy of its own that may be changed; `changes`
 * compares at the end. Nothing is visible to others before the changes are applied, so dropping a
 * transaction undoes it: that is how a failed request leaves nothing, and how a preview is made.
 */
export class Transaction implements View {
  readonly #base: View;
  /** undefined: removed here. */
  readonly #own = new Map<string, { kind: Kind; document: Document | undefined }>();
  readonly #sequence: { last: number };
  /** Business time, unix seconds. */
  now: number;
  /** The request that events name as their cause. */
  readonly request: { id: string | null; idempotencyKey: string | null };

  constructor(
    base: View,
    now: number,
    sequence: { last: number },
    request: Transaction['request'] = { id: null, idempotencyKey: null },
  ) {
    this.#base = base;
    this.now = now;
    this.#sequence = sequence;
    this.request = request;
  }

  /** A transaction on top of this one, to be dropped. */
  sandbox(): Transaction {
    return new Transaction(this, this.now, this.#sequence, this.request);
  }

  find<K extends Kind>(kind: K, id: string): Readonly<Kinds[K]> | undefined {
    const own = this.#own.get(`${kind} ${id}`);
    if (own !== undefined) return own.document as Kinds[K] | undefined;
    return this.#base.find(kind, id);
  }

  *scan<K extends Kind>(kind: K, owner?: string): Iterable<Readonly<Kinds[K]>> {
    for (const document of this.#base.scan(kind, owner)) {
      const own = this.#own.get(`${kind} ${document.id}`);
      const current = own === undefined ? document : (own.document as Kinds[K] | undefined);
      if (current !== undefined && isOf(current, owner)) yield current;
    }
    for (const own of this.#own.values()) {
      if (own.kind !== kind || own.document === undefined || !isOf(own.document, owner)) continue;
      const base = this.#base.find(kind, own.document.id);
      if (base === undefined || !isOf(base, owner)) yield own.document as Kinds[K];
    }
  }

  /** A document to read and to change. */
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    const key = `${kind} ${id}`;
    const own = this.#own.get(key);
    if (own !== undefined) return own.document as Kinds[K] | undefined;
    const base = this.#base.find(kind, id);
    if (base === undefined) return undefined;
    const document = structuredClone(base) as Kinds[K];
    this.#own.set(key, { kind, document });
    return document;
  }

  /** All of a kind that pass the test, oldest first, to read and to change. */
  getAll<K extends Kind>(
    kind: K,
    owner: string | undefined,
    test: (document: Readonly<Kinds[K]>) => boolean = () => true,
  ): Kinds[K][] {
    const ids = [...this.scan(kind, owner)].filter(test).map((document) => document.id);
    return ids
      .map((id) => this.get(kind, id))
      .filter((document) => document !== undefined)
      .toSorted((left, right) => left.sim_seq - right.sim_seq);
  }

  insert<K extends Kind>(kind: K, fields: Omit<Kinds[K], 'sim_seq'>): Kinds[K] {
    this.#sequence.last += 1;
    const document = { ...fields, sim_seq: this.#sequence.last } as unknown as Kinds[K];
    this.#own.set(`${kind} ${document.id}`, { kind, document });
    return document;
  }

  remove(kind: Kind, id: string): void {
    this.#own.set(`${kind} ${id}`, { kind, document: undefined });
  }

  /** The document as it was when this transaction began. */
  before<K extends Kind>(kind: K, id: string): Readonly<Kinds[K]> | undefined {
    return this.#base.find(kind, id);
  }

  get settings(): Readonly<Settings> {
    const [settings] = this.scan('sim.settings');
    if (settings === undefined) throw new Error('the simulator has no settings');
    return settings;
  }

  changes(): Change[] {
    const changes: Change[] = [];
    for (const { kind, document, id } of this.#entries()) {
      const base = this.#base.find(kind, id);
      if (document === undefined) {
        if (base !== undefined) changes.push({ kind, id, document: null });
      } else if (base === undefined || JSON.stringify(base) !== JSON.stringify(document)) {
        changes.push({ kind, id, document });
      }
    }
    return changes;
  }

  *#entries(): Iterable<{ kind: Kind; id: string; document: Document | undefined }> {
    for (const [key, { kind, document }] of this.#own) {
      yield { kind, document, id: key.slice(kind.length + 1) };
    }
  }
}

function isOf(document: Document, owner: string | undefined): boolean {
  return owner === undefined || document.sim_owner === owner;
}

/** `cus_` and 24 letters and digits, random. */
export function newId(kind: Kind): string {
  return `${idPrefixes[kind]}_${randomText(24)}`;
}

const letters = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789abcde';

export function randomText(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += letters.charAt(byte % 64);
  return text;
}
