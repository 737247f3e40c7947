import { Text, TextInput } from '@mantine/core';
import type { AdminPlanDetail } from '@mutate/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { platform } from '../../../session.ts';

/** Moves who is on an older version of a plan onto the one on sale, from a day on. */
export function MoveDialog({ plan }: { plan: AdminPlanDetail }) {
  const queries = useQueryClient();
  const [day, setDay] = useState('');
  const older = plan.versions.filter(({ version }) => version !== plan.version);
  if (older.every(({ workspace_count: count }) => count === 0)) return null;
  return (
    <ActionDialog
      label="Move everybody to the newest"
      title={`Move everybody to version ${plan.version}`}
      submitLabel="Announce and move"
      isDisabled={day === ''}
      onSubmit={async () => {
        await platform.admin.plans.migrate(plan.id, { effective_at: `${day}T00:00:00Z` });
        await queries.invalidateQueries({ queryKey: ['admin'] });
      }}
    >
      <Text size="sm">
        Whoever is on an older version is told now, and moved at the end of the billing period in
        which the day lies.
      </Text>
      <TextInput
        label="From this day on (UTC)"
        type="date"
        required
        value={day}
        onChange={(event) => setDay(event.currentTarget.value)}
      />
    </ActionDialog>
  );
}
