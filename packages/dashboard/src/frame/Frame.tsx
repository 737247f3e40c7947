import { AppShell, Burger, Group, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Me } from '@mutate/sdk';
import { Suspense } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { Loading } from '../components/Loading.tsx';
import { Problem } from '../components/Problem.tsx';
import { isSignedOut } from '../query-client.ts';
import { useMe, useWorkspaceId } from '../session.ts';
import { Banners } from './Banners.tsx';
import { Mark } from './Mark.tsx';
import { Navigation } from './Navigation.tsx';
import { workspaceNavigation } from './navigation.ts';
import { UserMenu } from './UserMenu.tsx';
import { WorkspaceMenu } from './WorkspaceMenu.tsx';

/** What surrounds every page of a workspace, for who is signed in. */
export function Frame() {
  const me = useMe();
  const location = useLocation();
  if (me.data !== undefined) return <SignedIn me={me.data} />;
  if (isSignedOut(me.error)) {
    const from = encodeURIComponent(location.pathname + location.search);
    return <Navigate to={`/sign-in?from=${from}`} replace />;
  }
  return (
    <main className="doors">
      {me.isError ? (
        <Problem error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <Loading lines={3} />
      )}
    </main>
  );
}

function SignedIn({ me }: { me: Me }) {
  const workspaceId = useWorkspaceId();
  const [isOpen, { toggle, close }] = useDisclosure(false);
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
          <Burger opened={isOpen} onClick={toggle} aria-label="Pages" size="sm" />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="frame-side" p="md" withBorder={false}>
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
          <Navigation base={`/${workspaceId}`} groups={workspaceNavigation} onNavigate={close} />
        </AppShell.Section>
        <AppShell.Section pt="sm">
          <UserMenu me={me} base={`/${workspaceId}`} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Banners me={me} base={`/${workspaceId}`} />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}
