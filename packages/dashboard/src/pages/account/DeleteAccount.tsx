import { Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { TypedConfirm } from '../../components/TypedConfirm.tsx';
import { login } from '../../session.ts';

/** The end of somebody's login; their workspaces go on without them. */
export function DeleteAccount({ email }: { email: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return (
    <Stack gap="sm" align="flex-start" maw={520}>
      <Text size="sm" c="dimmed">
        Your login, your sessions and your memberships go; workspaces stay. Where you are the only
        owner, make somebody else the owner first, or delete the workspace.
      </Text>
      <TypedConfirm
        label="Delete my account"
        title="Delete your account?"
        fieldLabel="Your mail address"
        expected={email}
        onConfirm={async () => {
          await login.deleteAccount();
          await navigate('/sign-in', { replace: true });
          queries.clear();
        }}
      >
        You are signed out everywhere, at once and for good. What you did stays in the audit logs,
        under an id that names nobody.
      </TypedConfirm>
    </Stack>
  );
}
