import { Textarea } from '@mantine/core';
import type { AdminWorkspace } from '@mutate/sdk';
import { useState } from 'react';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { Confirm } from '../../../components/Confirm.tsx';
import { platform } from '../../../session.ts';
import { useReload } from './use-reload.ts';

/** Suspends a workspace, or lets it go on. */
export function StandingButton({ workspace: { id, name, suspended } }: Props) {
  const reload = useReload();
  const [reason, setReason] = useState('');
  if (suspended) {
    return (
      <Confirm
        label="Reactivate"
        title={`Let ${name} go on?`}
        onConfirm={async () => {
          await platform.admin.workspaces.reactivate(id);
          await reload();
        }}
      >
        It may convert again at once, within its limits.
      </Confirm>
    );
  }
  return (
    <ActionDialog
      label="Suspend"
      title={`Suspend ${name}?`}
      onSubmit={async () => {
        await platform.admin.workspaces.suspend(id, reason);
        await reload();
      }}
    >
      <Textarea
        label="Why"
        description="New conversions are refused; what runs is finished, and everything stays readable. The reason is in its audit log."
        required
        maxLength={300}
        autosize
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ActionDialog>
  );
}

interface Props {
  workspace: AdminWorkspace;
}
