import { Button } from '@mantine/core';
import type { WebhookDelivery } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Badge, type Tone } from '../../components/Badge.tsx';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';
import { DeliveryDetails } from './DeliveryDetails.tsx';

const shownMax = 50;

const tones: Record<WebhookDelivery['status'], Tone> = {
  waiting: 'live',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'calm',
};

/** What was sent to an endpoint, the newest first; each opens. */
export function Deliveries({ endpointId }: { endpointId: string }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const [open, setOpen] = useState<string | null>(null);
  const deliveries = useQuery({
    queryKey: [workspaceId, 'webhook-endpoints', endpointId, 'deliveries'],
    queryFn: async ({ signal }) => {
      const found: WebhookDelivery[] = [];
      for await (const delivery of api.webhookEndpoints.deliveries(endpointId, { signal })) {
        if (found.push(delivery) === shownMax) break;
      }
      return found;
    },
    refetchInterval: 3_000,
  });
  return (
    <Loaded query={deliveries}>
      {(data) =>
        data.length === 0 ? (
          <Empty title="Nothing was sent yet">Send a test to see that your server answers.</Empty>
        ) : (
          <>
            <DeliveryRows deliveries={data} onOpen={setOpen} />
            <DeliveryDetails
              endpointId={endpointId}
              deliveryId={open}
              onClose={() => setOpen(null)}
            />
          </>
        )
      }
    </Loaded>
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
