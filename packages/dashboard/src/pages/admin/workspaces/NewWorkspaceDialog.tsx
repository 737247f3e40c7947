import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { platform } from '../../../session.ts';

/** Makes a workspace for somebody. */
export function NewWorkspaceDialog() {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  return (
    <ActionDialog
      label="New workspace"
      title="New workspace"
      submitLabel="Create"
      button={{ variant: 'filled', size: 'sm' }}
      onSubmit={async () => {
        const owner = email === '' ? {} : { owner_email: email };
        const { id } = await platform.admin.workspaces.create({ name, ...owner });
        await navigate(`/admin/workspaces/${id}`);
      }}
    >
      <TextInput
        label="Name"
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Its owner's mail address"
        description="May stay empty"
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
    </ActionDialog>
  );
}
