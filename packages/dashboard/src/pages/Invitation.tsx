import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import type { OpenInvitation } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { Loaded } from '../components/Loaded.tsx';
import { Problem } from '../components/Problem.tsx';
import { Door } from '../doors/Door.tsx';
import { formatAgo } from '../format.ts';
import { login, platform, useMe } from '../session.ts';

export function Component() {
  const { token = '' } = useParams();
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => platform.invitations.open(token),
  });
  return (
    <Door title={invitation.isError ? 'No invitation here' : 'You are invited'}>
      <Loaded query={invitation} lines={3}>
        {(data) => <Answer invitation={data} token={token} />}
      </Loaded>
      {invitation.isError ? (
        <Anchor component={Link} to="/" size="sm">
          Go to Mutate without it
        </Anchor>
      ) : null}
    </Door>
  );
}

function Answer({ invitation, token }: { invitation: OpenInvitation; token: string }) {
  const me = useMe();
  return (
    <Stack>
      <Text size="sm">
        To <strong>{invitation.workspace_name}</strong>, as {invitation.role}. The invitation is for{' '}
        <strong>{invitation.email}</strong> and ends {formatAgo(invitation.expires_at)}.
      </Text>
      {me.data === undefined ? (
        <Ways invitation={invitation} token={token} />
      ) : me.data.user.email.toLowerCase() === invitation.email.toLowerCase() ? (
        <Accept token={token} />
      ) : (
        <Stranger email={me.data.user.email} />
      )}
    </Stack>
  );
}

function Ways({ invitation, token }: { invitation: OpenInvitation; token: string }) {
  const back = new URLSearchParams({
    from: `/invitations/${token}`,
    email: invitation.email,
  }).toString();
  return (
    <Group>
      <Button component={Link} to={`/sign-up?${back}`}>
        Create an account
      </Button>
      <Anchor component={Link} to={`/sign-in?${back}`} size="sm">
        I have one: sign in
      </Anchor>
    </Group>
  );
}

function Accept({ token }: { token: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const accept = useMutation({
    mutationFn: () => platform.invitations.accept(token),
    onSuccess: async ({ workspace_id: workspaceId }) => {
      await queries.invalidateQueries({ queryKey: ['me'] });
      await navigate(`/${workspaceId}`, { replace: true });
    },
  });
  return (
    <>
      {accept.isError ? <Problem error={accept.error} /> : null}
      <Button loading={accept.isPending} onClick={() => accept.mutate()}>
        Join
      </Button>
    </>
  );
}

function Stranger({ email }: { email: string }) {
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => login.signOut(),
    onSuccess: () => queries.resetQueries({ queryKey: ['me'] }),
  });
  return (
    <>
      <Text size="sm">You are signed in as {email}, which it is not for.</Text>
      <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign out
      </Button>
    </>
  );
}
