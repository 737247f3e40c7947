import { Button, Group, MultiSelect, Stack, TextInput } from '@mantine/core';
import { webhookEventTypes } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem } from '../../components/Problem.tsx';

export interface EndpointWish {
  readonly url: string;
  readonly description: string | null;
  /** Null: all there are. */
  readonly events: string[] | null;
}

interface EndpointFormProps {
  start: EndpointWish;
  /** On the button. */
  label: string;
  onSave: (wish: EndpointWish) => Promise<unknown>;
}

/** Where events go, and which. */
export function EndpointForm({ start, label, onSave }: EndpointFormProps) {
  const [url, setUrl] = useState(start.url);
  const [description, setDescription] = useState(start.description ?? '');
  const [events, setEvents] = useState(start.events ?? []);
  const save = useMutation({
    mutationFn: () =>
      onSave({
        url,
        description: description.trim() === '' ? null : description,
        events: events.length === 0 ? null : events,
      }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
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
        {save.isError ? <Problem error={save.error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
