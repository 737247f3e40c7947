import { Button, Group, Select } from '@mantine/core';
import type { WebhookDelivery } from '@mutate/sdk';
import { useState } from 'react';
import { Badge, type Tone } from '../../components/Badge.tsx';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { usePagesOfList } from '../../pages-of-list.ts';
import { useApi, useWorkspaceId } from '../../session.ts';
import { DeliveryDetails } from './DeliveryDetails.tsx';

const tones: Record<WebhookDelivery['status'], Tone> = {
  waiting: 'live',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'calm',
};
const statuses = ['waiting', 'succeeded', 'failed', 'cancelled'] as const;

/** What was sent to an endpoint, the newest first; each opens. */
export function Deliveries({ endpointId }: { endpointId: string }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const [open, setOpen] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const status = statuses.find((known) => known === chosen);
  const deliveries = usePagesOfList<WebhookDelivery>({
    queryKey: [workspaceId, 'webhook-endpoints', endpointId, 'deliveries', status],
    fetchPage: (cursor, signal) =>
      api.webhookEndpoints.deliveriesPage(endpointId, { cursor, signal, status, limit: 25 }),
    refetchMs: 3_000,
  });
  return (
    <>
      <Group p="md">
        <Select
          label="State"
          placeholder="All"
          clearable
          w={150}
          data={[...statuses]}
          value={chosen}
          onChange={setChosen}
        />
      </Group>
      <Loaded query={deliveries}>
        {(data) =>
          data.length === 0 ? (
            <Empty title={status === undefined ? 'Nothing was sent yet' : `None is ${status}`}>
              Send a test to see that your server answers.
            </Empty>
          ) : (
            <DeliveryRows deliveries={data} onOpen={setOpen} />
          )
        }
      </Loaded>
      <More pages={deliveries} />
      <DeliveryDetails endpointId={endpointId} deliveryId={open} onClose={() => setOpen(null)} />
    </>
  );
}

interface DeliveryRowsProps {
  deliveries: readonly WebhookDelivery[];
  onOpen: (id: string) => void;
}

function DeliveryRows({ deliveries, onOpen }: DeliveryRowsProps) {
  return (
    <Rows
      caption="Deliveries"
      rows={deliveries}
      keyOf={({ id }) => id}
      columns={[
        { header: 'Event', cell: ({ type }) => type },
        { header: 'State', cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
        {
          header: 'Answer',
          cell: ({ response_status: status, last_error: error }) => status ?? error ?? '–',
        },
        { header: 'Tries', isNumeric: true, cell: ({ attempts }) => attempts },
        {
          header: 'When',
          isNumeric: true,
          cell: ({ created_at: at }) => <When at={at} isWallClock />,
        },
        {
          header: 'Details',
          isQuiet: true,
          isNumeric: true,
          cell: ({ id }) => (
            <Button size="xs" variant="default" onClick={() => onOpen(id)}>
              Details
            </Button>
          ),
        },
      ]}
    />
  );
}
