import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { NewPasswordInput } from '../components/NewPasswordInput.tsx';
import { Problem } from '../components/Problem.tsx';
import { Door } from '../doors/Door.tsx';
import { login } from '../session.ts';

export function Component() {
  const [search] = useSearchParams();
  const token = search.get('token') ?? '';
  const [newPassword, setPassword] = useState('');
  const reset = useMutation({ mutationFn: () => login.resetPassword({ newPassword, token }) });
  return (
    <Door title="Set a new password" about="You are signed out everywhere else.">
      {reset.isSuccess ? (
        <Text size="sm" role="status">
          Done.{' '}
          <Anchor component={Link} to="/sign-in" size="sm">
            Sign in with it
          </Anchor>
        </Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            reset.mutate();
          }}
        >
          <Stack gap="sm">
            <NewPasswordInput
              label="New password"
              autoFocus
              value={newPassword}
              onChoose={setPassword}
            />
            {reset.isError ? (
              <Problem error={reset.error}>
                <Anchor component={Link} to="/forgot-password" size="sm">
                  Ask for a new link
                </Anchor>
              </Problem>
            ) : null}
            <Button type="submit" loading={reset.isPending} fullWidth>
              Set password
            </Button>
          </Stack>
        </form>
      )}
    </Door>
  );
}
