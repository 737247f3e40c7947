import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { Me } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem } from '../../components/Problem.tsx';
import { login } from '../../session.ts';

/** Name and address; a new address counts once mails to the old and to it were read. */
export function ProfileForm({ me }: { me: Me }) {
  const queries = useQueryClient();
  const [name, setName] = useState(me.user.name);
  const [email, setEmail] = useState(me.user.email);
  const save = useMutation({
    mutationFn: async () => {
      // First what may be refused: then the name is not saved either, and both are still there.
      if (email !== me.user.email) await login.changeEmail({ newEmail: email, callbackURL: '/' });
      if (name !== me.user.name) await login.changeName(name);
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['me'] }),
  });
  const said =
    email === me.user.email ? 'Saved.' : `Saved. Open the link that we sent to ${me.user.email}.`;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack maw={420} gap="sm">
        <TextInput
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Mail address"
          type="email"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        {save.isError ? <Problem error={save.error} /> : null}
        <Group>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {save.isSuccess ? said : ''}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
