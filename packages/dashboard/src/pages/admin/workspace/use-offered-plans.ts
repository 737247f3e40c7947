import type { AdminPlan } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { platform } from '../../../session.ts';

/** Plans that a workspace can be put onto: everybody's, and those made for it. */
export function useOfferedPlans(workspaceId: string): AdminPlan[] {
  const plans = useQuery({
    queryKey: ['admin', 'plans', 'active'],
    queryFn: ({ signal }) => platform.admin.plans.page({ active: true, limit: 100, signal }),
  });
  return (plans.data?.data ?? []).filter(
    ({ workspace_id: owner }) => owner === null || owner === workspaceId,
  );
}
