import { NumberInput, Select, Text } from '@mantine/core';
import type { AdminWorkspace } from '@mutate/sdk';
import { useState } from 'react';
import { useNow } from '../../../business-time.ts';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { platform } from '../../../session.ts';
import { useOfferedPlans } from './use-offered-plans.ts';
import { useReload } from './use-reload.ts';

/** Days for nothing: of the plan that is paid, or of another one without a card. */
export function TrialDialog({ workspace }: { workspace: AdminWorkspace }) {
  const reload = useReload();
  const now = useNow();
  const [days, setDays] = useState<number | string>(14);
  const [planId, setPlanId] = useState<string | null>(null);
  const plans = useOfferedPlans(workspace.id).filter(({ prices }) => prices.length > 0);
  const { stripe_subscription_id: paid, plan } = workspace.subscription;
  return (
    <ActionDialog
      label="Free days"
      title={`Free days for ${workspace.name}`}
      submitLabel="Give them"
      isDisabled={!(Number(days) >= 1) || (paid === null && planId === null)}
      onSubmit={async () => {
        const endsAt = new Date(now + Number(days) * 86_400_000).toISOString();
        await platform.admin.workspaces.setTrial(workspace.id, {
          ends_at: endsAt,
          ...(paid === null && planId !== null ? { plan_id: planId } : {}),
        });
        await reload();
      }}
    >
      <Text size="sm" c="dimmed">
        {paid === null
          ? 'Without a card. Where there is none when they end, the workspace is on Free again.'
          : `It keeps ${plan.name} and pays from the end of them on; days that are paid are not taken.`}
      </Text>
      {paid === null ? (
        <Select
          label="Plan"
          required
          data={plans.map(({ id, name }) => ({ value: id, label: name }))}
          value={planId}
          onChange={setPlanId}
        />
      ) : null}
      <NumberInput
        label="Days from now"
        required
        min={1}
        max={730}
        allowDecimal={false}
        value={days}
        onChange={setDays}
      />
    </ActionDialog>
  );
}
