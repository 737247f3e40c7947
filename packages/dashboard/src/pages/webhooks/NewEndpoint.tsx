import { Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { NewWebhookEndpoint } from '@mutate/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Code } from '../../components/Code.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';
import { EndpointForm, type EndpointWish } from './EndpointForm.tsx';

const nothingYet: EndpointWish = { url: '', description: null, events: null };

/** Makes an endpoint and shows its secret, once. */
export function NewEndpoint() {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<NewWebhookEndpoint | null>(null);
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const create = async (wish: EndpointWish) => {
    setMade(await api.webhookEndpoints.create(wish));
    await queries.invalidateQueries({ queryKey: [workspaceId, 'webhook-endpoints'] });
  };
  const leave = () => {
    close();
    setMade(null);
  };
  return (
    <>
      <Button onClick={open}>New endpoint</Button>
      <Modal
        opened={isOpen}
        onClose={leave}
        title={made === null ? 'New endpoint' : 'Its signing secret'}
        size="lg"
        closeOnClickOutside={false}
        closeOnEscape={made === null}
      >
        {made === null ? (
          <EndpointForm start={nothingYet} label="Create endpoint" onSave={create} />
        ) : (
          <Stack>
            <Text size="sm">
              Copy it now: it is not shown again. Your server checks the signature of every event
              with it, so that nobody else can send one.
            </Text>
            <Code title="Signing secret" text={made.secret ?? ''} isWhole />
            <Button onClick={leave}>I have copied it</Button>
          </Stack>
        )}
      </Modal>
    </>
  );
}
