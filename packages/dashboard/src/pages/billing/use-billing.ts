import type { Billing, Subscription } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useApi, useWorkspaceId } from '../../session.ts';

/** How the workspace pays. */
export function useBilling(): UseQueryResult<Billing> {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  return useQuery({
    queryKey: [workspaceId, 'billing'],
    queryFn: ({ signal }) => api.billing.get({ signal }),
    refetchInterval: 10_000,
  });
}

/** What it is subscribed to; a payment elsewhere changes it within seconds. */
export function useSubscription(): UseQueryResult<Subscription> {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  return useQuery({
    queryKey: [workspaceId, 'subscription'],
    queryFn: ({ signal }) => api.subscription.get({ signal }),
    refetchInterval: 5_000,
  });
}
