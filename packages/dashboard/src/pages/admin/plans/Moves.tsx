import type { AdminPlanDetail } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Panel } from '../../../components/Panel.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount, formatDate } from '../../../format.ts';
import { platform } from '../../../session.ts';

/** How far the moves to newer versions are; nothing where none was ordered. */
export function Moves({ plan: { id } }: { plan: AdminPlanDetail }) {
  const moves = useQuery({
    queryKey: ['admin', 'plan', id, 'moves'],
    queryFn: ({ signal }) => platform.admin.plans.migrationsPage(id, { limit: 20, signal }),
  });
  const rows = moves.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Panel title="Moves to a newer version" isFlush>
      <Rows
        caption="Moves"
        rows={rows}
        keyOf={(move) => move.id}
        columns={[
          { header: 'To version', cell: ({ to_version: version }) => version },
          { header: 'From', cell: ({ effective_at: at }) => formatDate(at, 'UTC') },
          {
            header: 'Waiting',
            isNumeric: true,
            cell: ({ workspaces: w }) => formatCount(w.waiting),
          },
          {
            header: 'Scheduled',
            isNumeric: true,
            cell: ({ workspaces: w }) => formatCount(w.scheduled),
          },
          { header: 'Moved', isNumeric: true, cell: ({ workspaces: w }) => formatCount(w.moved) },
          {
            header: 'Left out',
            isNumeric: true,
            cell: ({ workspaces: w }) => formatCount(w.skipped),
          },
        ]}
      />
    </Panel>
  );
}
