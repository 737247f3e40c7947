import { Button, Stack, Text } from '@mantine/core';
import type { WebhookEndpoint } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { Confirm } from '../components/Confirm.tsx';
import { Id } from '../components/Copy.tsx';
import { Facts } from '../components/Facts.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { formatTime } from '../format.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../session.ts';
import { Deliveries } from './webhooks/Deliveries.tsx';
import { EditEndpoint } from './webhooks/EditEndpoint.tsx';
import { EndpointBadge } from './webhooks/EndpointBadge.tsx';
import { RotateSecret } from './webhooks/RotateSecret.tsx';

export function Component() {
  const { endpointId = '' } = useParams();
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const endpoint = useQuery({
    queryKey: [workspaceId, 'webhook-endpoints', endpointId],
    queryFn: ({ signal }) => api.webhookEndpoints.get(endpointId, { signal }),
  });
  return (
    <Page
      title="Endpoint"
      about={<Id>{endpointId}</Id>}
      actions={endpoint.data === undefined ? undefined : <Actions endpoint={endpoint.data} />}
    >
      <Loaded query={endpoint}>
        {(data) => (
          <Stack gap="md">
            <Panel>
              <EndpointFacts endpoint={data} />
            </Panel>
            <Panel title="Deliveries" isFlush>
              <Deliveries endpointId={data.id} />
            </Panel>
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function EndpointFacts({ endpoint }: { endpoint: WebhookEndpoint }) {
  const timeZone = useTimeZone();
  const { previous_secret_until: until, failing_since: failing } = endpoint;
  return (
    <Facts
      facts={[
        ['Address', endpoint.url],
        ['State', <EndpointBadge key="state" endpoint={endpoint} />],
        ['Events', endpoint.events?.join(', ') ?? 'all'],
        ...(failing === null ? [] : [['Failing since', formatTime(failing, timeZone)] as const]),
        ...(until === null
          ? []
          : [['The secret before', `signs too until ${formatTime(until, timeZone)}`] as const]),
        ...(endpoint.description === null ? [] : [['Description', endpoint.description] as const]),
      ]}
    />
  );
}

function Actions({ endpoint }: { endpoint: WebhookEndpoint }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const reload = () => queries.invalidateQueries({ queryKey: [workspaceId, 'webhook-endpoints'] });
  const test = useMutation({
    mutationFn: () => api.webhookEndpoints.test(endpoint.id),
    onSuccess: reload,
  });
  const toggle = useMutation({
    mutationFn: () => api.webhookEndpoints.update(endpoint.id, { active: !endpoint.active }),
    onSuccess: reload,
  });
  const remove = async () => {
    await api.webhookEndpoints.delete(endpoint.id);
    await navigate(`/${workspaceId}/webhooks`);
    await reload();
  };
  const failure = test.error ?? toggle.error;
  return (
    <>
      <Button size="xs" loading={test.isPending} onClick={() => test.mutate()}>
        Send a test
      </Button>
      <Button
        size="xs"
        variant="default"
        loading={toggle.isPending}
        onClick={() => toggle.mutate()}
      >
        {endpoint.active ? 'Switch off' : 'Switch on'}
      </Button>
      <EditEndpoint endpoint={endpoint} />
      <RotateSecret endpointId={endpoint.id} />
      <Confirm label="Delete" title="Delete this endpoint?" onConfirm={remove}>
        <Text size="sm">Its deliveries go with it; what waits is not sent any more.</Text>
      </Confirm>
      {failure === null ? null : <Problem error={failure} />}
    </>
  );
}
