import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import type { SecondFactor as Secrets } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Badge } from '../../components/Badge.tsx';
import { Code } from '../../components/Code.tsx';
import { Problem } from '../../components/Problem.tsx';
import { QrCode } from '../../components/QrCode.tsx';
import { login } from '../../session.ts';
import { CodeForm } from '../sign-in/CodeForm.tsx';

/** Turns the codes of an authenticator app on and off. */
export function SecondFactor({ isOn }: { isOn: boolean }) {
  const queries = useQueryClient();
  const [password, setPassword] = useState('');
  const [secrets, setSecrets] = useState<Secrets | null>(null);
  const reload = () => queries.invalidateQueries({ queryKey: ['me'] });
  const change = useMutation({
    mutationFn: async () => {
      if (isOn) await login.disableSecondFactor(password);
      else setSecrets(await login.enableSecondFactor(password));
      setPassword('');
    },
    onSuccess: reload,
  });
  const finish = () => {
    setSecrets(null);
    void reload();
  };
  if (secrets !== null) return <Setup secrets={secrets} onDone={finish} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack maw={420} gap="sm">
        <Group gap="sm">
          <Badge tone={isOn ? 'good' : 'calm'}>{isOn ? 'on' : 'off'}</Badge>
          <Text size="sm" c="dimmed">
            {isOn
              ? 'Signing in asks for a code of your app.'
              : 'A code of an app beside the password. Super admins should have one.'}
          </Text>
        </Group>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {change.isError ? <Problem error={change.error} /> : null}
        <Group>
          <Button type="submit" variant={isOn ? 'default' : 'filled'} loading={change.isPending}>
            {isOn ? 'Turn it off' : 'Set it up'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Setup({ secrets, onDone }: { secrets: Secrets; onDone: () => void }) {
  const key = new URL(secrets.totpURI).searchParams.get('secret') ?? '';
  return (
    <Stack maw={520}>
      <Text size="sm">
        Scan this with your authenticator app, or type the key into it. Then enter the code that it
        shows.
      </Text>
      <QrCode text={secrets.totpURI} label="The key for the app, to scan" />
      <Code title="Key for the app" text={key} isWhole />
      <Code title="Backup codes: keep them elsewhere" text={secrets.backupCodes.join('\n')} />
      <CodeForm isFirst onDone={onDone} />
    </Stack>
  );
}
