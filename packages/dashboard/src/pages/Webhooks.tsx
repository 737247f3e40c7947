import { Anchor, Text } from '@mantine/core';
import type { WebhookEndpoint } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Empty } from '../components/Empty.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Rows } from '../components/Rows.tsx';
import { When } from '../components/When.tsx';
import { useApi, useWorkspaceId } from '../session.ts';
import { EndpointBadge } from './webhooks/EndpointBadge.tsx';
import { NewEndpoint } from './webhooks/NewEndpoint.tsx';

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const endpoints = useQuery({
    queryKey: [workspaceId, 'webhook-endpoints'],
    queryFn: ({ signal }) => Array.fromAsync(api.webhookEndpoints.list({ signal })),
  });
  return (
    <Page
      title="Webhooks"
      about="Your servers are told of what happens here, signed by Standard Webhooks."
      actions={<NewEndpoint />}
    >
      <Panel isFlush>
        <Loaded query={endpoints}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No endpoints yet">
                Add the https address of a server of yours; it is told as soon as a conversion ends,
                a threshold is reached or an invoice is written.
              </Empty>
            ) : (
              <EndpointRows endpoints={data} />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

function EndpointRows({ endpoints }: { endpoints: readonly WebhookEndpoint[] }) {
  const workspaceId = useWorkspaceId();
  return (
    <Rows
      caption="Webhook endpoints"
      rows={endpoints}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Address',
          cell: ({ id, url, description }) => (
            <div>
              <Anchor
                component={Link}
                to={`/${workspaceId}/webhooks/${id}`}
                size="sm"
                fw={500}
                className="breakable"
              >
                {url}
              </Anchor>
              <Text size="xs" c="dimmed">
                {description}
              </Text>
            </div>
          ),
        },
        {
          header: 'Events',
          cell: ({ events }) => (
            <Text size="xs" c="dimmed" component="span">
              {events === null ? 'all' : events.join(', ')}
            </Text>
          ),
        },
        { header: 'State', cell: (endpoint) => <EndpointBadge endpoint={endpoint} /> },
        { header: 'Since', isExtra: true, cell: ({ created_at: at }) => <When at={at} /> },
      ]}
    />
  );
}
