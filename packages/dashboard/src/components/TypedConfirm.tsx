import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from './Problem.tsx';

interface TypedConfirmProps {
  /** The button on the page, and the one that does it. */
  label: string;
  title: string;
  /** What has to be typed, such as a name. */
  expected: string;
  /** What that is: "Its name". */
  fieldLabel: string;
  /** What happens. */
  children: ReactNode;
  onConfirm: () => Promise<unknown>;
}

/** For what is gone for good: the button waits until the right name is typed. */
export function TypedConfirm(props: TypedConfirmProps) {
  const { label, title, expected, fieldLabel, children, onConfirm } = props;
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const action = useMutation({ mutationFn: onConfirm });
  const close = () => {
    // What is under way goes on: closed, it would look as if it had been called off.
    if (action.isPending) return;
    action.reset();
    setTyped('');
    setOpen(false);
  };
  return (
    <>
      <Button variant="default" c="var(--page-bad)" size="xs" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} centered>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === expected) action.mutate();
          }}
        >
          <Stack>
            <Text size="sm" component="div">
              {children}
            </Text>
            <TextInput
              label={fieldLabel}
              description={`Type “${expected}” to confirm`}
              autoComplete="off"
              required
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            {action.isError ? <Problem error={action.error} /> : null}
            <Group justify="flex-end">
              <Button variant="default" disabled={action.isPending} onClick={close}>
                Keep it
              </Button>
              <Button
                type="submit"
                color="red.8"
                disabled={typed !== expected}
                loading={action.isPending}
              >
                {label}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
