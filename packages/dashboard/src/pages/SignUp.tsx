import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { NewPasswordInput } from '../components/NewPasswordInput.tsx';
import { Problem } from '../components/Problem.tsx';
import { Door } from '../doors/Door.tsx';
import { wayBack } from '../doors/way-back.ts';
import { formatCount } from '../format.ts';
import { login } from '../session.ts';
import { usePublicPlans } from './billing/use-plans.ts';
import { ResendLink } from './sign-in/ResendLink.tsx';

export function Component() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [search] = useSearchParams();
  const query = search.size === 0 ? '' : `?${search.toString()}`;
  const limit = usePublicPlans().data?.find(
    ({ id }) => id === 'plan_free',
  )?.monthly_conversion_limit;
  const free = typeof limit === 'number' ? `: ${formatCount(limit)} conversions a month` : '';
  const signInLink = (
    <>
      Already here?{' '}
      <Anchor component={Link} to={`/sign-in${query}`} size="sm">
        Sign in
      </Anchor>
    </>
  );
  if (sentTo !== null) {
    return (
      <Door title="Look into your mail" below={signInLink}>
        <Text size="sm">
          A link is on its way to <strong>{sentTo}</strong>. Open it in this browser within a day
          and you are in; in another one you choose your password again.
        </Text>
        <Text size="sm" c="dimmed">
          No mail after a few minutes? Look into the spam folder, or:
        </Text>
        <ResendLink email={sentTo} />
      </Door>
    );
  }
  return (
    <Door
      title="Create your account"
      about={`With a workspace of your own on the Free plan${free}.`}
      below={signInLink}
    >
      <SignUpForm onSent={setSentTo} />
    </Door>
  );
}

function SignUpForm({ onSent }: { onSent: (email: string) => void }) {
  const [search] = useSearchParams();
  const [name, setName] = useState('');
  const [email, setEmail] = useState(search.get('email') ?? '');
  const [password, setPassword] = useState('');
  const invitationToken = invitationTo(email, search);
  const enter = useEnter();
  const signUp = useMutation({
    mutationFn: async () => {
      const callbackURL = wayBack(search);
      await login.signUp({ name, email, password, callbackURL, invitationToken });
      if (invitationToken !== undefined) await login.signIn({ email, password });
    },
    onSuccess: () => (invitationToken === undefined ? onSent(email) : enter(wayBack(search))),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signUp.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Your name"
          name="name"
          autoComplete="name"
          required
          maxLength={100}
          autoFocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Mail address"
          type="email"
          name="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <NewPasswordInput
          label="Password"
          name="password"
          value={password}
          onChoose={setPassword}
        />
        {signUp.isError ? <Problem error={signUp.error} /> : null}
        <Button type="submit" loading={signUp.isPending} fullWidth mt={4}>
          Create account
        </Button>
      </Stack>
    </form>
  );
}

/** The token of the invitation that somebody comes from; it proves this address alone. */
function invitationTo(email: string, search: URLSearchParams): string | undefined {
  const isInvited = email.trim().toLowerCase() === search.get('email')?.toLowerCase();
  return isInvited ? /^\/invitations\/([\w-]+)$/.exec(wayBack(search))?.[1] : undefined;
}

/** Goes on as somebody who is signed in by now. */
function useEnter() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async (to: string) => {
    queries.clear();
    await navigate(to, { replace: true });
  };
}
