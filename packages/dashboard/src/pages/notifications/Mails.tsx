import { Modal } from '@mantine/core';
import type { Mail } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { MailRows, MailText } from '../../components/MailRows.tsx';
import { More } from '../../components/More.tsx';
import { Panel } from '../../components/Panel.tsx';
import { usePagesOfList } from '../../pages-of-list.ts';
import { useApi, useWorkspaceId } from '../../session.ts';

/** The workspace's mails, to be read here where no mail server is set up. */
export function Mails() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const [open, setOpen] = useState<Mail | null>(null);
  const mails = usePagesOfList<Mail>({
    queryKey: [workspaceId, 'mails'],
    fetchPage: (cursor, signal) => api.notifications.mailsPage({ cursor, signal, limit: 25 }),
  });
  return (
    <Panel title="Mails of this workspace" isFlush>
      <Loaded query={mails}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="No mails yet">They can be read here, sent or not.</Empty>
          ) : (
            <MailRows mails={data} onOpen={setOpen} />
          )
        }
      </Loaded>
      <More pages={mails} />
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={open?.subject} size="lg">
        {open === null ? null : <OpenMail id={open.id} />}
      </Modal>
    </Panel>
  );
}

function OpenMail({ id }: { id: string }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const mail = useQuery({
    queryKey: [workspaceId, 'mail', id],
    queryFn: ({ signal }) => api.notifications.mail(id, { signal }),
  });
  return <Loaded query={mail}>{({ text }) => <MailText text={text} />}</Loaded>;
}
