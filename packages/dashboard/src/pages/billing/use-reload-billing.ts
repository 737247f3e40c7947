import { useQueryClient } from '@tanstack/react-query';
import { useWorkspaceId } from '../../session.ts';

/** After a change of plan or payment: all that the workspace shows is read again. */
export function useReloadBilling(): () => Promise<void> {
  const queries = useQueryClient();
  const workspaceId = useWorkspaceId();
  return async () => {
    await queries.invalidateQueries({ queryKey: [workspaceId] });
    await queries.invalidateQueries({ queryKey: ['me'] });
  };
}
