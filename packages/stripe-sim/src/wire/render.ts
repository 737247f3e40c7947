import type { Document, ListOf } from '../store/documents.ts';
import type { Kind } from '../store/kinds.ts';
import type { Transaction } from '../store/transaction.ts';

type Json = Record<string, unknown>;

/** Fields that Stripe shows only where `expand` asks for them. */
type Includable = (tx: Transaction, document: Readonly<Document>) => unknown;

/** Such a field that is stored with its document and merely left out; others are looked up. */
export const stored: Includable = (_, document) => document;

const includables = new Map<string, Includable>();

/** Called by the resource that owns the field, e.g. `includable('invoice', 'payments', …)`. */
export function includable(kind: Kind, field: string, find: Includable): void {
  includables.set(`${kind}.${field}`, find);
}

/** A document as Stripe shows it: nothing of ours, nothing that has to be asked for. */
export function render(document: Readonly<Document>): Json {
  if (document['deleted'] === true) {
    return { id: document.id, object: document.object, deleted: true };
  }
  const shown = withoutOwn(document) as Json;
  if (document.object === 'invoice') shortenLines(shown);
  for (const name of Object.keys(shown)) {
    if (includables.has(`${document.object}.${name}`)) delete shown[name];
  }
  return shown;
}

const linesShown = 10;

/** Stripe shows the first ten lines of an invoice; the others are behind the list's URL. */
function shortenLines(invoice: Json): void {
  const lines = invoice['lines'] as ListOf<unknown>;
  if (lines.data.length <= linesShown) return;
  invoice['lines'] = { ...lines, data: lines.data.slice(0, linesShown), has_more: true };
}

/** The value of a field that was asked for; undefined: there is no such field. */
export function include(tx: Transaction, shown: Json, field: string): unknown {
  const find = includables.get(`${String(shown['object'])}.${field}`);
  if (find === undefined) return undefined;
  const document = tx.find(shown['object'] as Kind, String(shown['id']));
  if (document === undefined) return undefined;
  return withoutOwn(find === stored ? (document as Json)[field] : find(tx, document));
}

/** A copy without what is ours or has to be asked for, however deep. */
export function withoutOwn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwn);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Json = {};
  const isPrice = 'object' in value && value.object === 'price';
  for (const [name, item] of Object.entries(value)) {
    if (name.startsWith('sim_') || (isPrice && name === 'currency_options')) continue;
    // What is in metadata belongs to the caller, whatever it is called.
    copy[name] = name === 'metadata' ? item : withoutOwn(item);
  }
  return copy;
}
