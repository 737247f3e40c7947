import { useQuery } from '@tanstack/react-query';
import { useApi, useWorkspaceId } from '../../session.ts';
import type { Grouping } from './UsageTable.tsx';

const others: Record<Grouping, string> = {
  type: 'unknown',
  api_key: 'without a key',
  member: 'by API key or operator',
};

/** The names of keys by their ids; a revoked key keeps its id only. */
export function useGroupNames(groupBy: Grouping): (group: string | null) => string {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const keys = useQuery({
    queryKey: [workspaceId, 'api-keys'],
    queryFn: () => Array.fromAsync(api.apiKeys.list()),
    enabled: groupBy === 'api_key',
  });
  return (group) => {
    if (group === null) return others[groupBy];
    return keys.data?.find(({ id }) => id === group)?.name ?? group;
  };
}
