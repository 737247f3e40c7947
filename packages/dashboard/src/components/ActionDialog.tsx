import { Button, Group, Modal, Stack, type ButtonProps } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from './Problem.tsx';

interface ActionDialogProps {
  /** The button on the page. */
  label: string;
  title: string;
  /** The button that does it; `label` where absent. */
  submitLabel?: string;
  /** Before it opens: for fields whose values are kept outside of it. */
  onOpen?: () => void;
  /** Fields, mounted anew each time it opens. */
  children: ReactNode;
  onSubmit: () => Promise<unknown>;
  isDisabled?: boolean;
  button?: Pick<ButtonProps, 'variant' | 'size'>;
}

/** A button that opens a form, sends it, and says what went wrong. */
export function ActionDialog(props: ActionDialogProps) {
  const { label, title, submitLabel = label, children, onSubmit, isDisabled = false } = props;
  const [isOpen, setOpen] = useState(false);
  const action = useMutation({ mutationFn: onSubmit, onSuccess: () => setOpen(false) });
  const open = () => {
    props.onOpen?.();
    setOpen(true);
  };
  const close = () => {
    // What is under way goes on: closed, it would look as if it had been called off.
    if (action.isPending) return;
    action.reset();
    setOpen(false);
  };
  return (
    <>
      <Button size="xs" variant="default" {...props.button} onClick={open}>
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} centered>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            action.mutate();
          }}
        >
          <Stack>
            {children}
            {action.isError ? <Problem error={action.error} /> : null}
            <Group justify="flex-end">
              <Button variant="default" disabled={action.isPending} onClick={close}>
                Close
              </Button>
              <Button type="submit" loading={action.isPending} disabled={isDisabled}>
                {submitLabel}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
