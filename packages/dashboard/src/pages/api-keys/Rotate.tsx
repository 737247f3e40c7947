import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ApiKey } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Code } from '../../components/Code.tsx';
import { Problem } from '../../components/Problem.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';

const overlaps = [
  { value: '0', label: 'At once' },
  { value: '3600', label: 'In an hour' },
  { value: '86400', label: 'In a day' },
  { value: '604800', label: 'In a week' },
];

/** Gives a key another secret; the one before works on for a while. */
export function Rotate({ apiKey }: { apiKey: ApiKey }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [seconds, setSeconds] = useState('86400');
  const rotate = useRotate(apiKey.id);
  const leave = () => {
    rotate.reset();
    close();
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Rotate
      </Button>
      <Modal opened={isOpen} onClose={leave} title={`Rotate ${apiKey.name}`} size="lg">
        {rotate.data === undefined ? (
          <Stack>
            <Select
              label="The present secret ends"
              data={overlaps}
              value={seconds}
              allowDeselect={false}
              onChange={(value) => setSeconds(value ?? '0')}
            />
            {rotate.isError ? <Problem error={rotate.error} /> : null}
            <Group justify="flex-end">
              <Button loading={rotate.isPending} onClick={() => rotate.mutate(Number(seconds))}>
                Make a new secret
              </Button>
            </Group>
          </Stack>
        ) : (
          <Stack>
            <Text size="sm">Copy it now: it is not shown again.</Text>
            <Code title={apiKey.name} text={rotate.data.key} isWhole />
            <Button onClick={leave}>I have copied it</Button>
          </Stack>
        )}
      </Modal>
    </>
  );
}

function useRotate(keyId: string) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (expiresInSeconds: number) => api.apiKeys.rotate(keyId, { expiresInSeconds }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [workspaceId, 'api-keys'] }),
  });
}
