import { Button, Group, Modal, Radio, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Role } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem } from '../../components/Problem.tsx';
import { useApi, useRole, useWorkspaceId } from '../../session.ts';
import { roles } from './roles.ts';

/** Asks somebody in, by mail. */
export function Invite() {
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button onClick={open}>Invite</Button>
      <Modal opened={isOpen} onClose={close} title="Invite somebody">
        <InviteForm onDone={close} />
      </Modal>
    </>
  );
}

function InviteForm({ onDone }: { onDone: () => void }) {
  const api = useApi();
  const own = useRole();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('member');
  const invite = useMutation({
    mutationFn: () => api.invitations.create({ email, role }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [workspaceId, 'invitations'] });
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate();
      }}
    >
      <Stack>
        <TextInput
          label="Mail address"
          description="The link is good for seven days, and for this address only"
          type="email"
          required
          data-autofocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Radio.Group label="Role" value={role} onChange={(value) => setRole(value)}>
          <Stack gap="xs" mt={6}>
            {roles
              .filter(({ value }) => own === 'owner' || value !== 'owner')
              .map((choice) => (
                <Radio key={choice.value} {...choice} />
              ))}
          </Stack>
        </Radio.Group>
        {invite.isError ? <Problem error={invite.error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            Send invitation
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
