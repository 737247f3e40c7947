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
  return useClock().now;
}

/** The same, and whether it is known yet: with a simulator whose clock may be ahead it is asked for. */
export function useClock(): { now: number; isKnown: boolean } {
  const usage = useUsageQuery();
  const clock = usePlatformClock();
  const isAsked = usage.fetchStatus !== 'idle' || clock.fetchStatus !== 'idle';
  const asOf = usage.data?.as_of ?? clock.data?.now;
  const seenAt = usage.data === undefined ? clock.dataUpdatedAt : usage.dataUpdatedAt;
  const aheadMs = asOf === undefined ? 0 : Date.parse(asOf) - seenAt;
  return {
    now: Date.now() + (Math.abs(aheadMs) < toleranceMs ? 0 : aheadMs),
    isKnown: !isSimulated || asOf !== undefined || !isAsked,
  };
}

const dayMs = 86_400_000;

/** When the last so many days began, to the minute: what is asked for stays the same for a while. */
export function startOfSpan(now: number, days: number): string {
  const minuteMs = 60_000;
  return new Date(Math.floor(now / minuteMs) * minuteMs - days * dayMs).toISOString();
}

/** The first of so many dates, in UTC as the buckets of usage are; today is the last of them. */
export function firstDateOfSpan(now: number, days: number): string {
  return new Date(now - (days - 1) * dayMs).toISOString().slice(0, 10);
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
