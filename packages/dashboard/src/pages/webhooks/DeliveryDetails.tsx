import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { WebhookDeliveryDetail } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Code } from '../../components/Code.tsx';
import { Id } from '../../components/Copy.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Problem } from '../../components/Problem.tsx';
import { formatDuration, formatTime } from '../../format.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../../session.ts';

interface DeliveryDetailsProps {
  endpointId: string;
  /** Null: closed. */
  deliveryId: string | null;
  onClose: () => void;
}

/** What was sent, every try at it, and the way to send it again. */
export function DeliveryDetails({ endpointId, deliveryId, onClose }: DeliveryDetailsProps) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const key = [workspaceId, 'webhook-endpoints', endpointId];
  const delivery = useQuery({
    queryKey: [...key, 'delivery', deliveryId],
    queryFn: () => api.webhookEndpoints.delivery(endpointId, deliveryId ?? ''),
    enabled: deliveryId !== null,
  });
  const again = useMutation({
    mutationFn: () => api.webhookEndpoints.redeliver(endpointId, deliveryId ?? ''),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: key });
    },
  });
  return (
    <Modal opened={deliveryId !== null} onClose={onClose} title="Delivery" size="lg">
      <Loaded query={delivery}>
        {(data) => (
          <Stack>
            <Text size="sm" c="dimmed" component="div">
              {data.type} · <Id>{data.event_id}</Id>
            </Text>
            <Tries delivery={data} />
            {again.isError ? <Problem error={again.error} /> : null}
            <Group justify="flex-end">
              <Button variant="default" loading={again.isPending} onClick={() => again.mutate()}>
                Send it again
              </Button>
            </Group>
            <Code title="Sent" text={prettyJson(data.request_body)} />
          </Stack>
        )}
      </Loaded>
    </Modal>
  );
}

function Tries({ delivery }: { delivery: WebhookDeliveryDetail }) {
  const timeZone = useTimeZone();
  if (delivery.tries.length === 0) return <Text size="sm">It waits for its first try.</Text>;
  return (
    <Stack gap="xs">
      {delivery.tries.map((one) => (
        <div key={one.attempt}>
          <Text size="sm">
            {formatTime(one.started_at, timeZone)}: {one.response_status ?? one.error} after{' '}
            {formatDuration(one.duration_ms)}
          </Text>
          {one.response_excerpt === null || one.response_excerpt === '' ? null : (
            <Text size="xs" c="dimmed" className="mono">
              {one.response_excerpt}
            </Text>
          )}
        </div>
      ))}
      {delivery.next_attempt_at === null ? null : (
        <Text size="sm" c="dimmed">
          The next try is due {formatTime(delivery.next_attempt_at, timeZone)}.
        </Text>
      )}
    </Stack>
  );
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
