import {
  Group,
  Menu,
  SegmentedControl,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from '@mantine/core';
import type { Me } from '@mutate/sdk';
import { Icon } from './Icon.tsx';

/** Who is signed in, how it looks, and the way out. */
export function UserMenu({ me }: { me: Me }) {
  return (
    <Menu width={250} position="top-start" withinPortal>
      <Menu.Target>
        <UnstyledButton className="frame-workspace" aria-label="Your account">
          <Group justify="space-between" wrap="nowrap" gap="xs">
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
        <Menu.Item component="a" href="/docs">
          API reference
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
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
