import type { Document, ListOf } from '../store/documents.ts';
import type { Kind, Kinds } from '../store/kinds.ts';
import type { Transaction } from '../store/transaction.ts';
import { invalidRequest, resourceMissing } from './stripe-error.ts';

interface Range {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}

export interface PageParams {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
  created?: number | Range;
}

export interface PageSource<K extends Kind> {
  url: string;
  owner?: string | undefined;
  test?: ((document: Readonly<Kinds[K]>) => boolean) | undefined;
}

/** One page of a kind's documents, newest first, as `limit` and the cursors say. */
export function pageOf<K extends Kind>(
  tx: Transaction,
  kind: K,
  params: PageParams,
  source: PageSource<K>,
): ListOf<Readonly<Kinds[K]>> {
  const { test = () => true, owner, url } = source;
  const all = [...tx.scan(kind, owner)]
    .filter((document) => isWithin(createdOf(document), params.created) && test(document))
    .toSorted((left, right) => right.sim_seq - left.sim_seq);
  return pageOfItems(kind, all, params, url);
}

/** One page of items that are in their order already. */
export function pageOfItems<Item extends Pick<Document, 'id'>>(
  kind: string,
  all: readonly Item[],
  params: PageParams,
  url: string,
): ListOf<Item> {
  const { limit = 10, starting_after: after, ending_before: before } = params;
  if (limit < 1 || limit > 100) {
    throw invalidRequest(`Invalid limit: must be between 1 and 100`, { param: 'limit' });
  }
  if (after !== undefined && before !== undefined) {
    throw invalidRequest('You cannot use both starting_after and ending_before.', {
      param: 'ending_before',
    });
  }
  const indexOf = (id: string, param: string): number => {
    const index = all.findIndex((item) => item.id === id);
    if (index === -1) throw resourceMissing(kind, id, param);
    return index;
  };
  if (before !== undefined) {
    const end = indexOf(before, 'ending_before');
    const start = Math.max(0, end - limit);
    return { object: 'list', data: all.slice(start, end), has_more: start > 0, url };
  }
  const start = after === undefined ? 0 : indexOf(after, 'starting_after') + 1;
  const data = all.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < all.length, url };
}

/** Invoice items have a `date` instead. */
function createdOf(document: Readonly<Document>): number {
  return document.created ?? Number(document['date']);
}

function isWithin(created: number, range: number | Range | undefined): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return created === range;
  return (
    created > (range.gt ?? -Infinity) &&
    created >= (range.gte ?? -Infinity) &&
    created < (range.lt ?? Infinity) &&
    created <= (range.lte ?? Infinity)
  );
}
