import type { Usage } from '@mutate/sdk';
import type { UseQueryResult } from '@tanstack/react-query';
import { useUsageQuery } from '../../business-time.ts';

/** The current period, kept fresh: slots come and go while one looks. */
export function useUsage(): UseQueryResult<Usage> {
  return useUsageQuery({ refetchInterval: 4_000 });
}
