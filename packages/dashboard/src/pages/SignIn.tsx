import { Anchor, Button, Checkbox, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { MutateError, type SignInResult } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { Problem } from '../components/Problem.tsx';
import { Door } from '../doors/Door.tsx';
import { linkTrouble, wayBack } from '../doors/way-back.ts';
import { login } from '../session.ts';
import { CodeForm } from './sign-in/CodeForm.tsx';
import { ResendLink } from './sign-in/ResendLink.tsx';

export function Component() {
  const [step, setStep] = useState<'password' | 'code'>('password');
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const enter = async () => {
    queries.clear();
    await navigate(wayBack(search), { replace: true });
  };
  const onResult = (result: SignInResult) => {
    if (result === 'second_factor') setStep('code');
    else void enter();
  };
  if (step === 'code') {
    return (
      <Door title="One more step" about="Enter the code that your authenticator app shows.">
        <CodeForm onDone={() => void enter()} />
      </Door>
    );
  }
  const query = search.size === 0 ? '' : `?${search.toString()}`;
  return (
    <Door
      title="Sign in"
      about={linkTrouble(search) ?? undefined}
      below={
        <Group justify="space-between">
          <span>
            New here?{' '}
            <Anchor component={Link} to={`/sign-up${query}`} size="sm">
              Create an account
            </Anchor>
          </span>
          <Anchor component={Link} to="/forgot-password" size="sm">
            Forgot your password?
          </Anchor>
        </Group>
      }
    >
      <PasswordForm onResult={onResult} />
    </Door>
  );
}

function PasswordForm({ onResult }: { onResult: (result: SignInResult) => void }) {
  const [search] = useSearchParams();
  const [email, setEmail] = useState(search.get('email') ?? '');
  const [password, setPassword] = useState('');
  const [rememberMe, setRemember] = useState(true);
  const signIn = useMutation({
    mutationFn: () => login.signIn({ email, password, rememberMe }),
    onSuccess: onResult,
  });
  const { error } = signIn;
  const isUnverified =
    error instanceof MutateError && error.extras['reason'] === 'EMAIL_NOT_VERIFIED';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Mail address"
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus={email === ''}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          autoFocus={email !== ''}
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Checkbox
          label="Stay signed in on this device"
          checked={rememberMe}
          onChange={(event) => setRemember(event.currentTarget.checked)}
        />
        {signIn.isError ? (
          <Problem error={error}>{isUnverified ? <ResendLink email={email} /> : null}</Problem>
        ) : null}
        <Button type="submit" loading={signIn.isPending} fullWidth mt={4}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
