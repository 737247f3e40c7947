import { Anchor, Button, SimpleGrid, Text } from '@mantine/core';
import type { AdminWorkspace } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Id } from '../../components/Copy.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Figure } from '../../components/Figure.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Meter } from '../../components/Meter.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { formatCount, formatDate, formatMany, formatTime } from '../../format.ts';
import { platform, useTimeZone, useWorkspaceId } from '../../session.ts';
import { BillingHistory } from '../billing/BillingHistory.tsx';
import { MembersPanel } from './workspace/MembersPanel.tsx';
import { MoneyPanel } from './workspace/MoneyPanel.tsx';
import { OverridePanel } from './workspace/OverridePanel.tsx';
import { PlanPanel } from './workspace/PlanPanel.tsx';
import { StandingButton } from './workspace/StandingButton.tsx';
import { WorkspaceBadge } from './workspaces/WorkspaceBadge.tsx';

export function Component() {
  const id = useWorkspaceId();
  const workspace = useQuery({
    queryKey: ['admin', 'workspace', id],
    queryFn: ({ signal }) => platform.admin.workspaces.get(id, { signal }),
    refetchInterval: 10_000,
  });
  return (
    <Page
      title={workspace.data?.name ?? 'Workspace'}
      about={
        <Anchor component={Link} to="/admin" size="sm">
          All workspaces
        </Anchor>
      }
      actions={
        workspace.data === undefined ? null : (
          <>
            <StandingButton workspace={workspace.data} />
            <Button component={Link} to={`/${id}`} size="xs">
              Open its dashboard
            </Button>
          </>
        )
      }
    >
      <Loaded query={workspace} lines={10}>
        {(data) => <Details workspace={data} />}
      </Loaded>
    </Page>
  );
}

function Details({ workspace }: { workspace: AdminWorkspace }) {
  return (
    <>
      <UsageFigures workspace={workspace} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" verticalSpacing="lg">
        <OverridePanel workspace={workspace} />
        <PlanPanel workspace={workspace} />
        <MoneyPanel workspace={workspace} />
        <AboutPanel workspace={workspace} />
      </SimpleGrid>
      <MembersPanel />
      <BillingHistory title="Its billing history" />
    </>
  );
}

function UsageFigures({ workspace: { usage } }: { workspace: AdminWorkspace }) {
  const timeZone = useTimeZone();
  const { used, reserved, limit, overage, active, queued, concurrent_limit: slots } = usage;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="md">
      <Figure
        label="Conversions"
        figure={formatCount(used)}
        of={limit === null ? 'no limit' : `of ${formatCount(limit)}`}
        about={`Resets on ${formatDate(usage.period_end, timeZone)}`}
      >
        <Meter label="Conversions used" used={used} reserved={reserved} limit={limit} />
      </Figure>
      <Figure
        label="Running now"
        figure={formatCount(active)}
        of={slots === null ? 'any number at once' : `of ${formatCount(slots)} at once`}
        about={queued === 0 ? 'None is waiting' : `${formatCount(queued)} waiting`}
      >
        <Meter label="Slots in use" used={active} limit={slots} />
      </Figure>
      <Figure
        label="Past the limit"
        figure={formatCount(overage)}
        of="conversions of this period"
      />
    </SimpleGrid>
  );
}

function AboutPanel({ workspace }: { workspace: AdminWorkspace }) {
  const { id, billing_email: email, created_at: created, suspended_reason: reason } = workspace;
  return (
    <Panel
      title="About"
      actions={
        <Anchor component={Link} to={`/admin/audit-log?workspace=${id}`} size="sm">
          What was changed
        </Anchor>
      }
    >
      <Facts
        facts={[
          ['State', <WorkspaceBadge key="state" workspace={workspace} />],
          ...(reason === null ? [] : [['Suspended because', reason] as const]),
          ['Id', <Id key="id">{id}</Id>],
          [
            'Billing address',
            email ?? (
              <Text size="sm" c="dimmed">
                none
              </Text>
            ),
          ],
          ['Created', formatTime(created, workspace.time_zone)],
          ['Time zone', workspace.time_zone],
          ['Keeps files for', formatMany(workspace.retention_hours, 'hour')],
        ]}
      />
    </Panel>
  );
}
