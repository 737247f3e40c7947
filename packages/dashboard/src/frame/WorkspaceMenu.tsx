import { Group, Menu, Modal, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Me } from '@mutate/sdk';
import { Link } from 'react-router';
import { Icon } from './Icon.tsx';
import { useWorkspaceById } from '../session.ts';
import { NewWorkspace } from './NewWorkspace.tsx';

/** Which workspace this is, and the way to the others and to the platform. */
export function WorkspaceMenu({ me, workspaceId }: { me: Me; workspaceId: string | null }) {
  const current = me.workspaces.find(({ id }) => id === workspaceId);
  // A super admin looks into workspaces that they are no member of.
  const others = useWorkspaceById(current === undefined ? (workspaceId ?? undefined) : undefined);
  const [isMaking, { open, close }] = useDisclosure(false);
  return (
    <>
      <Menu width={240} position="bottom-start" withinPortal>
        <Menu.Target>
          <UnstyledButton className="frame-workspace">
            <Group justify="space-between" wrap="nowrap" gap="xs">
              <div>
                <span className="unseen">Workspace:</span>
                <Text size="sm" fw={600} lineClamp={1}>
                  {current?.name ?? others.data?.name ?? workspaceId ?? 'Platform'}
                </Text>
                <Text size="xs" c="dimmed">
                  {current?.role ?? 'super admin'}
                </Text>
              </div>
              <Icon name="chevrons" />
            </Group>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Workspaces</Menu.Label>
          {me.workspaces.map(({ id, name, role }) => (
            <Menu.Item key={id} component={Link} to={`/${id}`} aria-current={id === workspaceId}>
              {name}
              <Text span size="xs" c="dimmed" ml={8}>
                {role}
              </Text>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={open}>New workspace</Menu.Item>
          {me.is_super_admin ? (
            <Menu.Item component={Link} to="/admin" aria-current={workspaceId === null}>
              Platform
            </Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isMaking} onClose={close} title="New workspace">
        <NewWorkspace onDone={close} />
      </Modal>
    </>
  );
}
