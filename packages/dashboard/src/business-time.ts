import type { Usage } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useLocation, useParams } from 'react-router';
import { apiOf, isSimulated, platform } from './session.ts';

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
  const usage = useUsageQuery();
  const clock = usePlatformClock();
  const asOf = usage.data?.as_of ?? clock.data?.now;
  const seenAt = usage.data === undefined ? clock.dataUpdatedAt : usage.dataUpdatedAt;
  const aheadMs = asOf === undefined ? 0 : Date.parse(asOf) - seenAt;
  return Date.now() + (Math.abs(aheadMs) < toleranceMs ? 0 : aheadMs);
}

/** For the pages of the platform, which belong to no workspace. */
function usePlatformClock() {
  const { workspaceId } = useParams();
  const { pathname } = useLocation();
  return useQuery({
    queryKey: ['admin', 'clock'],
    queryFn: ({ signal }) => platform.admin.clock({ signal }),
    enabled: isSimulated && workspaceId === undefined && pathname.startsWith('/admin'),
    staleTime: 30_000,
  });
}
