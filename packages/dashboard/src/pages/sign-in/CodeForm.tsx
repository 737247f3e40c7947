import { Anchor, Button, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem } from '../../components/Problem.tsx';
import { login } from '../../session.ts';

interface CodeFormProps {
  onDone: () => void;
  /** The proof that the app was set up: no other code will do. */
  isFirst?: boolean;
}

/** The second factor: a code of the app, or one of those kept for when it is lost. */
export function CodeForm({ onDone, isFirst = false }: CodeFormProps) {
  const [isBackup, setBackup] = useState(false);
  const [code, setCode] = useState('');
  const verify = useMutation({
    mutationFn: () =>
      isBackup ? login.verifyBackupCode(code.trim()) : login.verifyCode(code.trim()),
    onSuccess: onDone,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        verify.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          key={String(isBackup)}
          label={isBackup ? 'Backup code' : 'Code'}
          autoComplete="one-time-code"
          inputMode={isBackup ? 'text' : 'numeric'}
          required
          autoFocus
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        {verify.isError ? <Problem error={verify.error} /> : null}
        <Button type="submit" loading={verify.isPending} fullWidth>
          Continue
        </Button>
        {isFirst ? null : (
          <Anchor component="button" type="button" size="sm" onClick={() => setBackup(!isBackup)}>
            {isBackup ? 'Use the app instead' : 'Use a backup code instead'}
          </Anchor>
        )}
      </Stack>
    </form>
  );
}
