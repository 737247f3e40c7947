import type { Plan } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { platform, useApi, useWorkspaceId } from '../../session.ts';

/** What the workspace can be on, in its order: what is sold, and what was made for it. */
export function usePlans(): UseQueryResult<Plan[]> {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  return useQuery({
    queryKey: [workspaceId, 'plans'],
    queryFn: ({ signal }) => api.subscription.plans({ signal }),
    staleTime: 60_000,
  });
}

/** What everybody is sold, for who has no workspace yet. */
export function usePublicPlans(): UseQueryResult<Plan[]> {
  return useQuery({
    queryKey: ['plans'],
    queryFn: ({ signal }) => platform.plans.list({ signal }),
    staleTime: 60_000,
  });
}

/** Names by id; an id that is not among the plans stands for itself. */
export function usePlanName(): (id: string) => string {
  const plans = usePlans();
  return (id) => plans.data?.find((plan) => plan.id === id)?.name ?? id;
}
