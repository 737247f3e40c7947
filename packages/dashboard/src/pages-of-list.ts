import type { List } from '@mutate/sdk';
import { useInfiniteQuery } from '@tanstack/react-query';

interface PagesInput<T> {
  queryKey: readonly unknown[];
  fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<List<T>>;
  refetchMs?: number;
  /** Until then nothing is asked for. */
  isReady?: boolean;
}

/** A list that is shown a page at a time, with "Show more". */
export function usePagesOfList<T>({
  queryKey,
  fetchPage,
  refetchMs,
  isReady = true,
}: PagesInput<T>) {
  return useInfiniteQuery({
    queryKey,
    enabled: isReady,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next_cursor ?? undefined) : undefined),
    select: ({ pages }) => pages.flatMap(({ data }) => data),
    // Each page is a request: the more are shown, the less often they are asked for.
    refetchInterval: ({ state }) =>
      refetchMs === undefined ? false : refetchMs * Math.max(1, state.data?.pages.length ?? 1),
  });
}
