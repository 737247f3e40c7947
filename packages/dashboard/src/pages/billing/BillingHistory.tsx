import type { BillingEvent } from '@mutate/sdk';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatTime } from '../../format.ts';
import { usePagesOfList } from '../../pages-of-list.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../../session.ts';

/** Every renewal, change, payment, failure and override, newest first. */
export function BillingHistory({ title = 'Billing history' }: { title?: string }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const timeZone = useTimeZone();
  const events = usePagesOfList<BillingEvent>({
    queryKey: [workspaceId, 'billing', 'events'],
    fetchPage: (cursor, signal) => api.billing.eventsPage({ cursor, signal, limit: 10 }),
    refetchMs: 15_000,
  });
  return (
    <Panel title={title} isFlush>
      <Loaded query={events} lines={5}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="Nothing happened yet" />
          ) : (
            <Rows
              caption={title}
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                { header: 'When', cell: ({ created_at: at }) => formatTime(at, timeZone) },
                { header: 'What', cell: ({ summary }) => summary },
              ]}
            />
          )
        }
      </Loaded>
      <More pages={events} />
    </Panel>
  );
}
