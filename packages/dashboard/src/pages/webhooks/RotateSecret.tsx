import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Code } from '../../components/Code.tsx';
import { Problem } from '../../components/Problem.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';

/** A new signing secret; the one before signs too for a day. */
export function RotateSecret({ endpointId }: { endpointId: string }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const rotate = useMutation({
    mutationFn: () => api.webhookEndpoints.rotateSecret(endpointId),
    onSuccess: () =>
      queries.invalidateQueries({ queryKey: [workspaceId, 'webhook-endpoints', endpointId] }),
  });
  const leave = () => {
    rotate.reset();
    close();
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        New secret
      </Button>
      <Modal opened={isOpen} onClose={leave} title="New signing secret" size="lg">
        <Stack>
          {rotate.data === undefined ? (
            <>
              <Text size="sm">
                For 24 hours events are signed with both, so that your server can change over.
              </Text>
              {rotate.isError ? <Problem error={rotate.error} /> : null}
              <Group justify="flex-end">
                <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
                  Make a new secret
                </Button>
              </Group>
            </>
          ) : (
            <>
              <Code title="Signing secret" text={rotate.data.secret ?? ''} isWhole />
              <Button onClick={leave}>I have copied it</Button>
            </>
          )}
        </Stack>
      </Modal>
    </>
  );
}
