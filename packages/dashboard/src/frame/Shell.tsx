import { AppShell, Burger, Group, ScrollArea, Text } from '@mantine/core';
import { useDisclosure, useHotkeys, useMediaQuery } from '@mantine/hooks';
import type { Me } from '@mutate/sdk';
import { Suspense, useRef } from 'react';
import { Outlet } from 'react-router';
import { Loading } from '../components/Loading.tsx';
import { Banners } from './Banners.tsx';
import { Mark } from './Mark.tsx';
import { Navigation } from './Navigation.tsx';
import type { NavigationGroup } from './navigation.ts';
import { Standing } from './Standing.tsx';
import { UserMenu } from './UserMenu.tsx';
import { WorkspaceMenu } from './WorkspaceMenu.tsx';

interface ShellProps {
  me: Me;
  /** Null on the pages of the platform. */
  workspaceId: string | null;
  groups: readonly NavigationGroup[];
}

/** Head, side and place of a page. */
export function Shell({ me, workspaceId, groups }: ShellProps) {
  const { isOpen, toggle, close, isPhone, burger } = usePageList();
  const role = me.workspaces.find(({ id }) => id === workspaceId)?.role ?? null;
  // Somebody's account belongs to no workspace; its page is shown in one.
  const home = `/${workspaceId ?? me.workspaces[0]?.id ?? ''}`;
  return (
    <AppShell
      header={{ height: { base: 56, sm: 0 } }}
      navbar={{ width: 248, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a className="frame-skip" href="#content">
        Skip to the page
      </a>
      <AppShell.Header className="frame-top" hiddenFrom="sm">
        <Group h="100%" px="md" justify="space-between">
          <Group gap="xs">
            <Mark />
            <Text fw={600}>Mutate</Text>
          </Group>
          <Burger
            ref={burger}
            opened={isOpen}
            onClick={toggle}
            aria-label="Pages"
            aria-expanded={isOpen}
            size="sm"
          />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="frame-side" p="md" withBorder={false} inert={isPhone && !isOpen}>
        <AppShell.Section visibleFrom="sm">
          <Group gap="xs" px={10} pb="md">
            <Mark />
            <Text fw={600}>Mutate</Text>
          </Group>
        </AppShell.Section>
        <AppShell.Section pb="sm">
          <WorkspaceMenu me={me} workspaceId={workspaceId} />
        </AppShell.Section>
        <AppShell.Section grow component={ScrollArea}>
          <Navigation
            base={workspaceId === null ? '/admin' : `/${workspaceId}`}
            groups={groups}
            role={role}
            onNavigate={close}
          />
        </AppShell.Section>
        <AppShell.Section pt="sm">
          <UserMenu me={me} base={home} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} inert={isPhone && isOpen}>
        <Banners me={me} base={home} />
        {workspaceId === null ? null : <Standing base={home} />}
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

/** On a phone the list lies over the page, or beside the screen: the keyboard is in what is seen. */
function usePageList() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const isPhone = useMediaQuery('(max-width: 47.99em)');
  const burger = useRef<HTMLButtonElement>(null);
  const leave = () => {
    if (!isOpen) return;
    close();
    burger.current?.focus();
  };
  useHotkeys([['Escape', leave]]);
  return { isOpen, toggle, close, isPhone, burger };
}
