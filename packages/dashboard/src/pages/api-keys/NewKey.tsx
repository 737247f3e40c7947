import { Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { NewApiKey } from '@mutate/sdk';
import { useState } from 'react';
import { Code } from '../../components/Code.tsx';
import { NewKeyForm } from './NewKeyForm.tsx';

/** Makes a key and shows its secret, once. */
export function NewKey() {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<NewApiKey | null>(null);
  const leave = () => {
    close();
    setMade(null);
  };
  return (
    <>
      <Button onClick={open}>New key</Button>
      <Modal
        opened={isOpen}
        onClose={leave}
        title={made === null ? 'New API key' : 'Your new key'}
        size="lg"
        closeOnClickOutside={made === null}
      >
        {made === null ? (
          <NewKeyForm onMade={setMade} />
        ) : (
          <Stack>
            <Text size="sm">
              Copy it now: it is not shown again. Whoever has it can act as this workspace within
              its scopes.
            </Text>
            <Code title={made.name} text={made.key} isWhole />
            <Button onClick={leave}>I have copied it</Button>
          </Stack>
        )}
      </Modal>
    </>
  );
}
