import {
  Group,
  Menu,
  SegmentedControl,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from '@mantine/core';
import type { Me } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { login } from '../session.ts';
import { Icon } from './Icon.tsx';

/** Who is signed in, how it looks, and the way out. */
export function UserMenu({ me, base }: { me: Me; base: string }) {
  const signOut = useSignOut();
  return (
    <Menu width={250} position="top-start" withinPortal>
      <Menu.Target>
        <UnstyledButton className="frame-workspace">
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <span className="unseen">Account:</span>
            <Text size="sm" lineClamp={1}>
              {me.user.name || me.user.email}
            </Text>
            <Icon name="chevrons" />
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.user.email}</Menu.Label>
        <SchemeChoice />
        <Menu.Divider />
        <Menu.Item component={Link} to={`${base}/account`}>
          Your account
        </Menu.Item>
        <Menu.Item component="a" href="/docs">
          API reference
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => signOut.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useSignOut() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => login.signOut(),
    onSuccess: async () => {
      await navigate('/sign-in', { replace: true });
      queries.clear();
    },
  });
}

function SchemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label="Colours"
      value={colorScheme}
      onChange={setColorScheme}
      data={[
        { value: 'auto', label: 'System' },
        { value: 'light', label: 'Light' },
        { value: 'dark', label: 'Dark' },
      ]}
    />
  );
}
