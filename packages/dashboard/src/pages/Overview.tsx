import { Anchor, Button, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Empty } from '../components/Empty.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useMayOpen } from '../frame/use-may-open.ts';
import { useApi, useWorkspace, useWorkspaceId } from '../session.ts';
import { JobRows } from './conversions/JobRows.tsx';
import { UsageAlerts } from './usage/UsageAlerts.tsx';
import { UsageCards } from './usage/UsageCards.tsx';
import { useUsage } from './usage/use-usage.ts';

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const workspace = useWorkspace();
  const usage = useUsage();
  const maySeeConversions = useMayOpen()('conversions');
  const recent = useQuery({
    enabled: maySeeConversions,
    queryKey: [workspaceId, 'conversions', 'recent'],
    queryFn: ({ signal }) => api.conversions.page({ limit: 6, signal }),
    refetchInterval: 5_000,
  });
  return (
    <Page
      title={workspace.data?.name ?? 'Overview'}
      about="This period at a glance."
      actions={
        maySeeConversions ? (
          <Button component={Link} to={`/${workspaceId}/convert`}>
            Convert a file
          </Button>
        ) : undefined
      }
    >
      <Loaded query={usage} lines={5}>
        {(data) => (
          <Stack gap="md">
            <UsageAlerts usage={data} />
            <UsageCards usage={data} />
          </Stack>
        )}
      </Loaded>
      {maySeeConversions ? (
        <Panel
          title="Latest conversions"
          isFlush
          actions={
            <Anchor component={Link} to={`/${workspaceId}/conversions`} size="sm">
              All conversions
            </Anchor>
          }
        >
          <Loaded query={recent} lines={6}>
            {({ data }) => (data.length === 0 ? <FirstSteps /> : <JobRows jobs={data} />)}
          </Loaded>
        </Panel>
      ) : null}
    </Page>
  );
}

function FirstSteps() {
  const workspaceId = useWorkspaceId();
  return (
    <Empty title="Nothing converted yet">
      <SimpleGrid cols={1} spacing={6}>
        <Text size="sm">Drop a file here in the browser, or send one from your program.</Text>
        <Anchor component={Link} to={`/${workspaceId}/convert`} size="sm">
          Convert your first file
        </Anchor>
        <Anchor component={Link} to={`/${workspaceId}/snippets`} size="sm">
          See the lines to copy
        </Anchor>
      </SimpleGrid>
    </Empty>
  );
}
