import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { WebhookEndpoint } from '@mutate/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { useApi, useWorkspaceId } from '../../session.ts';
import { EndpointForm, type EndpointWish } from './EndpointForm.tsx';

/** Another address, description or choice of events. */
export function EditEndpoint({ endpoint }: { endpoint: WebhookEndpoint }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const save = async (wish: EndpointWish) => {
    await api.webhookEndpoints.update(endpoint.id, wish);
    await queries.invalidateQueries({ queryKey: [workspaceId, 'webhook-endpoints'] });
    close();
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Edit
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title="Edit endpoint"
        size="lg"
        closeOnClickOutside={false}
      >
        <EndpointForm start={endpoint} label="Save" onSave={save} />
      </Modal>
    </>
  );
}
