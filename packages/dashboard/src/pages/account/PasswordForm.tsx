import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { NewPasswordInput } from '../../components/NewPasswordInput.tsx';
import { Problem } from '../../components/Problem.tsx';
import { login } from '../../session.ts';

/** A new password; whoever else was signed in is signed out. */
export function PasswordForm() {
  const [currentPassword, setCurrent] = useState('');
  const [newPassword, setNew] = useState('');
  const change = useMutation({
    mutationFn: () =>
      login.changePassword({ currentPassword, newPassword, revokeOtherSessions: true }),
    onSuccess: () => {
      setCurrent('');
      setNew('');
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack maw={420} gap="sm">
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          required
          value={currentPassword}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <NewPasswordInput label="New password" value={newPassword} onChoose={setNew} />
        {change.isError ? <Problem error={change.error} /> : null}
        <Group>
          <Button type="submit" loading={change.isPending}>
            Change password
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {change.isSuccess ? 'Changed. You are signed out everywhere else.' : ''}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
