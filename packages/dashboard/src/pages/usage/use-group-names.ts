import { useQuery } from '@tanstack/react-query';
import { useMayOpen } from '../../frame/use-may-open.ts';
import { useApi, useWorkspaceId } from '../../session.ts';
import type { Grouping } from './UsageTable.tsx';

const others: Record<Grouping, string> = {
  type: 'unknown',
  api_key: 'without a key',
  member: 'by API key or operator',
};

/** The names of keys and members by their ids; who is gone keeps the id only. */
export function useGroupNames(groupBy: Grouping): (group: string | null) => string {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const mayOpen = useMayOpen();
  const keys = useQuery({
    queryKey: [workspaceId, 'api-keys'],
    queryFn: () => Array.fromAsync(api.apiKeys.list()),
    enabled: groupBy === 'api_key' && mayOpen('api-keys'),
  });
  const members = useQuery({
    queryKey: [workspaceId, 'members'],
    queryFn: () => Array.fromAsync(api.members.list()),
    enabled: groupBy === 'member',
  });
  return (group) => {
    if (group === null) return others[groupBy];
    const named = [...(keys.data ?? []), ...(members.data ?? [])];
    return named.find(({ id }) => id === group)?.name ?? group;
  };
}
