import { Group, Text } from '@mantine/core';
import type { AdminWorkspace, Overrides } from '@mutate/sdk';
import { Confirm } from '../../../components/Confirm.tsx';
import { Facts } from '../../../components/Facts.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatCount, formatLimit, formatTime } from '../../../format.ts';
import { platform, useTimeZone } from '../../../session.ts';
import { OverrideDialog } from './OverrideDialog.tsx';
import { useReload } from './use-reload.ts';

/** What the operator lets a workspace have beside its plan. */
export function OverridePanel({ workspace }: { workspace: AdminWorkspace }) {
  const reload = useReload();
  const { id, overrides } = workspace;
  const clear = async () => {
    await platform.admin.workspaces.clearOverrides(id);
    await reload();
  };
  return (
    <Panel
      title="Limits"
      actions={
        <Group gap="xs">
          {overrides === null ? null : (
            <Confirm label="Remove" title="Give it the plan's limits back?" onConfirm={clear}>
              From the next conversion on the plan alone counts.
            </Confirm>
          )}
          <OverrideDialog workspace={workspace} />
        </Group>
      }
    >
      {overrides === null ? (
        <PlanLimits workspace={workspace} />
      ) : (
        <OverrideFacts overrides={overrides} workspace={workspace} />
      )}
    </Panel>
  );
}

function PlanLimits({ workspace }: { workspace: AdminWorkspace }) {
  const { plan } = workspace.subscription;
  return (
    <Facts
      facts={[
        ['Source', `The plan ${plan.name}, version ${plan.version}`],
        ['Conversions', formatLimit(plan.monthly_conversion_limit)],
        ['At once', formatLimit(plan.concurrent_conversion_limit)],
        ['Largest file', formatLimit(plan.max_file_size_mb, ' MB')],
        ['Requests a minute', formatCount(plan.rate_limit_per_minute)],
      ]}
    />
  );
}

function OverrideFacts(props: { overrides: Overrides; workspace: AdminWorkspace }) {
  const { overrides, workspace } = props;
  const { plan } = workspace.subscription;
  const timeZone = useTimeZone();
  const value = (own: number | 'unlimited' | null, ofPlan: number | null) =>
    own === null ? (
      <Text span size="sm" c="dimmed">
        {formatLimit(ofPlan)}, the plan's
      </Text>
    ) : (
      <strong>{formatLimit(own === 'unlimited' ? null : own)}</strong>
    );
  return (
    <Facts
      facts={[
        ['Conversions', value(overrides.monthly_limit, plan.monthly_conversion_limit)],
        ['At once', value(overrides.concurrent_limit, plan.concurrent_conversion_limit)],
        ['Largest file, MB', value(overrides.max_file_size_mb, plan.max_file_size_mb)],
        ['Requests a minute', value(overrides.rate_limit_per_minute, plan.rate_limit_per_minute)],
        ['Price past the limit', overrides.overage_price ?? "the plan's"],
        ['Reason', overrides.reason],
        [
          'Set by',
          <span key="by" className="mono">
            {overrides.author.id}
          </span>,
        ],
        [
          'Until',
          overrides.expires_at === null
            ? 'it is removed'
            : formatTime(overrides.expires_at, timeZone),
        ],
      ]}
    />
  );
}
