import { Button, Group } from '@mantine/core';
import type { Invitation } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Badge } from '../../components/Badge.tsx';
import { Confirm } from '../../components/Confirm.tsx';
import { Problem } from '../../components/Problem.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';

/** Who was asked and has not answered. */
export function InvitationRows({ invitations }: { invitations: readonly Invitation[] }) {
  return (
    <Rows
      caption="Invitations"
      rows={invitations}
      keyOf={({ id }) => id}
      columns={[
        { header: 'Mail address', cell: ({ email }) => email },
        { header: 'Role', cell: ({ role }) => role },
        {
          header: 'Link',
          cell: ({ status, expires_at: at }) =>
            status === 'expired' ? (
              <Badge tone="calm">expired</Badge>
            ) : (
              <span>
                expires <When at={at} isWallClock />
              </span>
            ),
        },
        {
          header: 'Change',
          isQuiet: true,
          isNumeric: true,
          cell: (invitation) => <Actions invitation={invitation} />,
        },
      ]}
    />
  );
}

function Actions({ invitation }: { invitation: Invitation }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const reload = () => queries.invalidateQueries({ queryKey: [workspaceId, 'invitations'] });
  const resend = useMutation({
    mutationFn: () => api.invitations.resend(invitation.id),
    onSuccess: reload,
  });
  return (
    <Group gap="xs" justify="flex-end">
      {resend.isError ? <Problem error={resend.error} /> : null}
      <Button
        size="xs"
        variant="default"
        loading={resend.isPending}
        onClick={() => resend.mutate()}
      >
        {resend.isSuccess ? 'Sent' : 'Send again'}
      </Button>
      <Confirm
        label="Take back"
        title={`Take the invitation of ${invitation.email} back?`}
        onConfirm={() => api.invitations.delete(invitation.id).then(reload)}
      >
        The link in the mail is worth nothing then.
      </Confirm>
    </Group>
  );
}
