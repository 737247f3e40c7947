import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from './Problem.tsx';

interface ConfirmProps {
  /** The button on the page, and the one that does it. */
  label: string;
  title: string;
  /** What happens, and what cannot be undone. */
  children: ReactNode;
  onConfirm: () => Promise<unknown>;
}

/** A button for what cannot be undone: it asks first, and says what went wrong. */
export function Confirm({ label, title, children, onConfirm }: ConfirmProps) {
  const [isOpen, setOpen] = useState(false);
  const action = useMutation({ mutationFn: onConfirm, onSuccess: () => setOpen(false) });
  const close = () => {
    // What is under way goes on: closed, it would look as if it had been called off.
    if (action.isPending) return;
    action.reset();
    setOpen(false);
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} centered>
        <Stack>
          <Text size="sm" component="div">
            {children}
          </Text>
          {action.isError ? <Problem error={action.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" disabled={action.isPending} onClick={close}>
              Keep it
            </Button>
            <Button color="red.8" loading={action.isPending} onClick={() => action.mutate()}>
              {label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
