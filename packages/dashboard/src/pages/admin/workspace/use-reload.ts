import { useQueryClient } from '@tanstack/react-query';
import { useWorkspaceId } from '../../../session.ts';

/** After a change of a workspace: all that shows it is read again. */
export function useReload(): () => Promise<void> {
  const queries = useQueryClient();
  const id = useWorkspaceId();
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['admin'] }),
      queries.invalidateQueries({ queryKey: [id] }),
    ]);
  };
}
