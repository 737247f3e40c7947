import type { Usage } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { apiOf } from './session.ts';

/** The current period of the page's workspace, for all that look at it; none where there is none. */
export function useUsageQuery(options: { refetchInterval?: number } = {}): UseQueryResult<Usage> {
  const { workspaceId } = useParams();
  return useQuery({
    queryKey: [workspaceId, 'usage'],
    queryFn: ({ signal }) => apiOf(workspaceId).usage.get({ signal }),
    enabled: workspaceId !== undefined,
    ...options,
  });
}

/** Clocks that differ by less are the same clock. */
const toleranceMs = 60_000;

/** Now as conversions and bills go by it: the billing simulator's clock may be ahead of ours. */
export function useNow(): number {
  const { data, dataUpdatedAt } = useUsageQuery();
  const aheadMs = data === undefined ? 0 : Date.parse(data.as_of) - dataUpdatedAt;
  return Date.now() + (Math.abs(aheadMs) < toleranceMs ? 0 : aheadMs);
}
