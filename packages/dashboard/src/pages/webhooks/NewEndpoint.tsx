import { Button, Group, Modal, MultiSelect, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { webhookEventTypes, type NewWebhookEndpoint } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Code } from '../../components/Code.tsx';
import { Problem } from '../../components/Problem.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';

/** Makes an endpoint and shows its secret, once. */
export function NewEndpoint() {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<NewWebhookEndpoint | null>(null);
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
        closeOnClickOutside={made === null}
      >
        {made === null ? (
          <EndpointForm onMade={setMade} />
        ) : (
          <Stack>
            <Text size="sm">
              Copy it now: it is not shown again. Your server checks the signature of every event
              with it, so that nobody else can send one.
            </Text>
            <Code title="Signing secret" text={made.secret ?? ''} />
            <Button onClick={leave}>I have copied it</Button>
          </Stack>
        )}
      </Modal>
    </>
  );
}

function EndpointForm({ onMade }: { onMade: (made: NewWebhookEndpoint) => void }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [events, setEvents] = useState<string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      api.webhookEndpoints.create({
        url,
        description: description === '' ? undefined : description,
        events: events.length === 0 ? undefined : events,
      }),
    onSuccess: async (made) => {
      onMade(made);
      await queries.invalidateQueries({ queryKey: [workspaceId, 'webhook-endpoints'] });
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
          label="Address"
          placeholder="https://example.com/mutate"
          required
          data-autofocus
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TextInput
          label="Description"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <MultiSelect
          label="Events"
          placeholder={events.length === 0 ? 'All' : ''}
          data={webhookEventTypes}
          value={events}
          onChange={setEvents}
        />
        {create.isError ? <Problem error={create.error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            Create endpoint
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
