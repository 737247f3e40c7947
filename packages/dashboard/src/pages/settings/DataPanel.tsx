import { Anchor, Button, Group, Menu, Stack, Text } from '@mantine/core';
import type { Workspace } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { Confirm } from '../../components/Confirm.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { TypedConfirm } from '../../components/TypedConfirm.tsx';
import { formatMany } from '../../format.ts';
import { platform, useMe, useRole } from '../../session.ts';
import { saveStream } from './save-stream.ts';

/** What is kept about the workspace: taking it along, and taking it away. */
export function DataPanel({ workspace }: { workspace: Workspace }) {
  const role = useRole();
  const isOperator = useMe().data?.is_super_admin === true;
  const isOwner = role === 'owner' || isOperator;
  const isAdmin = isOwner || role === 'admin';
  return (
    <>
      {isAdmin ? (
        <Panel title="Data">
          <Stack gap="lg">
            <Export workspace={workspace} />
            <Purge workspace={workspace} />
          </Stack>
        </Panel>
      ) : null}
      {isOwner ? <Deletion workspace={workspace} /> : null}
    </>
  );
}

function Export({ workspace: { id } }: { workspace: Workspace }) {
  const save = useMutation({
    mutationFn: async (format: 'ndjson' | 'zip') =>
      saveStream(await platform.workspaces.export(id, { format }), `${id}.${format}`),
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" maw={560}>
          Everything that is kept about this workspace: settings, members, conversions, invoices and
          what was changed. No secrets.
        </Text>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="xs" loading={save.isPending}>
              Export it
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => save.mutate('zip')}>With the files, as ZIP</Menu.Item>
            <Menu.Item onClick={() => save.mutate('ndjson')}>Without files, as NDJSON</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Text size="xs" c="dimmed" role="status">
        {save.isSuccess ? 'Saved where your browser keeps downloads.' : ''}
      </Text>
      {save.isError ? <Problem error={save.error} /> : null}
    </Stack>
  );
}

function Purge({ workspace }: { workspace: Workspace }) {
  const queries = useQueryClient();
  const purge = useMutation({
    mutationFn: () => platform.workspaces.purge(workspace.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: [workspace.id] }),
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" maw={560}>
          Files go after {formatMany(workspace.retention_hours, 'hour')} by themselves, or now.
        </Text>
        <Confirm
          label="Delete files"
          title="Delete all files now?"
          onConfirm={() => purge.mutateAsync()}
        >
          Of all conversions that have ended, inputs and outputs. What was counted stays counted.
        </Confirm>
      </Group>
      <Text size="xs" c="dimmed" role="status">
        {purge.data === undefined
          ? ''
          : `Files of ${formatMany(purge.data, 'conversion')} were deleted.`}
      </Text>
    </Stack>
  );
}

function Deletion({ workspace: { id, name } }: { workspace: Workspace }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return (
    <Panel title="Delete this workspace">
      <Group justify="space-between">
        <Text size="sm" c="dimmed" maw={560}>
          For everybody in it and for good. A subscription ends now and nothing is paid back;{' '}
          <Anchor component={Link} to={`/${id}/billing`} size="sm">
            cancel it
          </Anchor>{' '}
          and wait for its end to use what is paid.
        </Text>
        <TypedConfirm
          label="Delete workspace"
          title={`Delete ${name}?`}
          fieldLabel="Its name"
          expected={name}
          onConfirm={async () => {
            await platform.workspaces.delete(id, { name });
            await queries.invalidateQueries({ queryKey: ['me'] });
            await navigate('/', { replace: true });
          }}
        >
          Members, keys and webhooks are gone at once, files and whatever people wrote within
          minutes. Invoices and usage stay for the books. Export it first to keep the rest.
        </TypedConfirm>
      </Group>
    </Panel>
  );
}
