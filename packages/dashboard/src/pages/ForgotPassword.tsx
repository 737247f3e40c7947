import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { Problem } from '../components/Problem.tsx';
import { Door } from '../doors/Door.tsx';
import { login } from '../session.ts';

export function Component() {
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => login.requestPasswordReset(email) });
  return (
    <Door
      title="Forgot your password?"
      about="We send a link to set a new one. It is good for an hour."
      below={
        <Anchor component={Link} to="/sign-in" size="sm">
          Back to sign in
        </Anchor>
      }
    >
      {ask.isSuccess ? (
        <Text size="sm" role="status">
          If there is an account for <strong>{email}</strong>, a link is on its way to it.
        </Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate();
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Mail address"
              type="email"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            {ask.isError ? <Problem error={ask.error} /> : null}
            <Button type="submit" loading={ask.isPending} fullWidth>
              Send the link
            </Button>
          </Stack>
        </form>
      )}
    </Door>
  );
}
