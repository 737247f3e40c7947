import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { Problem } from '../components/Problem.tsx';
import { platform } from '../session.ts';

/** A form that makes a workspace of one's own and goes there. */
export function NewWorkspace({ onDone }: { onDone?: () => void }) {
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => platform.workspaces.create({ name }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['me'] });
      onDone?.();
      await navigate(`/${id}`);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="You are its owner; it begins on the Free plan"
          required
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {create.isError ? <Problem error={create.error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            Create workspace
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
