import type { Plan } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { platform } from '../../session.ts';

/** What is sold, in its order. */
export function usePlans(): UseQueryResult<Plan[]> {
  return useQuery({
    queryKey: ['plans'],
    queryFn: ({ signal }) => platform.plans.list({ signal }),
    staleTime: 60_000,
  });
}

/** Names by id; an id that is not in the catalogue stands for itself. */
export function usePlanName(): (id: string) => string {
  const plans = usePlans();
  return (id) => plans.data?.find((plan) => plan.id === id)?.name ?? id;
}
