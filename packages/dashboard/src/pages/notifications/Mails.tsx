import { Button, Modal } from '@mantine/core';
import type { Mail } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Badge } from '../../components/Badge.tsx';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { usePagesOfList } from '../../pages-of-list.ts';
import { useApi, useWorkspaceId } from '../../session.ts';

const tones = { waiting: 'live', sent: 'good', failed: 'bad' } as const;

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
        {open === null ? null : <MailText id={open.id} />}
      </Modal>
    </Panel>
  );
}

function MailText({ id }: { id: string }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const mail = useQuery({
    queryKey: [workspaceId, 'mail', id],
    queryFn: ({ signal }) => api.notifications.mail(id, { signal }),
  });
  return (
    <Loaded query={mail}>
      {({ text }) => (
        <pre className="code letter" tabIndex={0} aria-label="Text of the mail">
          {text}
        </pre>
      )}
    </Loaded>
  );
}

function MailRows({ mails, onOpen }: { mails: readonly Mail[]; onOpen: (mail: Mail) => void }) {
  return (
    <Rows
      caption="Mails"
      rows={mails}
      keyOf={({ id }) => id}
      columns={[
        { header: 'Subject', cell: ({ subject }) => subject },
        { header: 'To', cell: ({ recipient_email: to }) => to },
        { header: 'State', cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
        { header: 'When', isNumeric: true, cell: ({ created_at: at }) => <When at={at} /> },
        {
          header: 'Read',
          isQuiet: true,
          isNumeric: true,
          cell: (mail) => (
            <Button size="xs" variant="default" onClick={() => onOpen(mail)}>
              Read
            </Button>
          ),
        },
      ]}
    />
  );
}
