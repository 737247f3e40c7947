import { blankObject } from '../contract/blank.ts';
import type { Metadata } from '../store/documents.ts';
import type { Kind, Kinds } from '../store/kinds.ts';
import { newId, type Transaction } from '../store/transaction.ts';
import { resourceMissing } from '../wire/stripe-error.ts';

/** Metadata as a request sends it: empty text takes a key away, empty text for all takes all. */
export type MetadataInput = '' | Record<string, string | number>;

export function mergeMetadata(before: Metadata, given: MetadataInput | undefined): Metadata {
  if (given === undefined) return before;
  if (given === '') return {};
  const merged = { ...before };
  for (const [name, value] of Object.entries(given)) {
    if (value === '') delete merged[name];
    else merged[name] = String(value);
  }
  return merged;
}

const addressFields = ['city', 'country', 'line1', 'line2', 'postal_code', 'state'];

/** An address with all its fields: what a request does not give stays, or is null. */
export function mergeAddress(before: unknown, given: unknown): Record<string, unknown> | null {
  if (given === undefined) return (before ?? null) as Record<string, unknown> | null;
  if (given === '' || given === null) return null;
  const blank = Object.fromEntries(addressFields.map((name) => [name, null]));
  const merged: Record<string, unknown> = { ...blank, ...(before as object | null) };
  patch(merged, given as Record<string, unknown>, addressFields);
  return merged;
}

/** Sets the fields that a request gives, null for those it empties. */
export function patch(
  target: Record<string, unknown>,
  params: Record<string, unknown>,
  names: readonly string[],
): void {
  for (const name of names) {
    if (params[name] !== undefined) target[name] = params[name] === '' ? null : params[name];
  }
}

/**
 * The document an id names, to read and to change. Moves the transaction to the time of its test
 * clock, if it has one. `param` names the parameter the id came in; without it, it was the path.
 */
export function need<K extends Kind>(
  tx: Transaction,
  kind: K,
  id: string,
  param?: string,
): Kinds[K] {
  const document = tx.get(kind, id);
  if (document === undefined) throw resourceMissing(kind, id, param);
  useTestClock(tx, document['test_clock']);
  return document;
}

function useTestClock(tx: Transaction, id: unknown): void {
  if (typeof id !== 'string') return;
  const clock = tx.find('test_helpers.test_clock', id);
  if (clock !== undefined) tx.now = clock.frozen_time;
}

/** A new object: what the contract asks for, empty, with `fields` filled in. */
export function create<K extends Kind>(
  tx: Transaction,
  kind: K,
  fields: Partial<Kinds[K]>,
): Kinds[K] {
  const blank = blankObject(kind);
  return tx.insert(kind, {
    ...blank,
    id: newId(kind),
    object: kind,
    ...('created' in blank ? { created: tx.now } : {}),
    ...fields,
  } as unknown as Omit<Kinds[K], 'sim_seq'>);
}
