import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useMayOpen } from '../frame/use-may-open.ts';
import { useApi, useWorkspace, useWorkspaceId } from '../session.ts';
import { DropZone } from './convert/DropZone.tsx';
import { useFormats } from './convert/use-formats.ts';
import { useHeldConversions } from './convert/HeldConversions.tsx';
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

/** The shortest way to a first result: files dropped here are taken to the page that converts them. */
function FirstSteps() {
  const workspaceId = useWorkspaceId();
  const navigate = useNavigate();
  const formats = useFormats();
  const conversions = useHeldConversions();
  const take = async (files: File[]) => {
    await conversions.add(files, formats.data ?? []);
    await navigate(`/${workspaceId}/convert`);
  };
  return (
    <Stack p="md" gap="xs">
      <Text fw={600} ta="center">
        Nothing converted yet
      </Text>
      <Loaded query={formats}>{() => <DropZone onFiles={(files) => void take(files)} />}</Loaded>
      <Text size="sm" c="dimmed" ta="center">
        Or send one from your program:{' '}
        <Anchor component={Link} to={`/${workspaceId}/snippets`} size="sm">
          see the lines to copy
        </Anchor>
      </Text>
    </Stack>
  );
}
