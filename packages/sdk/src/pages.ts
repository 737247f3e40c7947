import type { HttpClient } from './http.ts';
import type { List } from './types.ts';

export type ListQuery = Record<string, string | number | undefined>;

/** Every object of a list, newest first, fetched a page at a time as the caller goes on. */
export async function* listAll<T extends { id: string }>(
  http: HttpClient,
  path: string,
  query: ListQuery = {},
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  for (;;) {
    const page: List<T> = await http.json<List<T>>({
      method: 'GET',
      path,
      query: { ...query, starting_after: cursor },
      signal,
    });
    yield* page.data;
    const next: string | undefined = page.next_cursor ?? page.data.at(-1)?.id;
    if (!page.has_more || next === undefined || next === cursor) return;
    cursor = next;
  }
}

/** Where a page of a list begins and how long it is. */
export interface PageInput {
  /** The `next_cursor` of the page before; without it the newest objects. */
  cursor?: string | undefined;
  /** 1 to 100. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One page of a list, for who shows pages. */
export function onePage<T>(
  http: HttpClient,
  path: string,
  page: PageInput,
  query: ListQuery = {},
): Promise<List<T>> {
  const { cursor, limit, signal } = page;
  return http.json<List<T>>({
    method: 'GET',
    path,
    query: { ...query, starting_after: cursor, limit },
    signal,
  });
}
