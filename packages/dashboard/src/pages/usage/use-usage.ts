import type { Usage } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useApi, useWorkspaceId } from '../../session.ts';

/** The current period, kept fresh: slots come and go while one looks. */
export function useUsage(): UseQueryResult<Usage> {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  return useQuery({
    queryKey: [workspaceId, 'usage'],
    queryFn: ({ signal }) => api.usage.get({ signal }),
    refetchInterval: 4_000,
  });
}
