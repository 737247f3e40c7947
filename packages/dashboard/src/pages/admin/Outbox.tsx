import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import type { Mail } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { MailRows, MailText } from '../../components/MailRows.tsx';
import { More } from '../../components/More.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { usePagesOfList } from '../../pages-of-list.ts';
import { platform } from '../../session.ts';

const statuses = ['waiting', 'sent', 'failed'] as const;

export function Component() {
  const [status, setStatus] = useState<string | null>(null);
  const [open, setOpen] = useState<Mail | null>(null);
  const mails = usePagesOfList<Mail>({
    queryKey: ['admin', 'outbox', status],
    refetchMs: 10_000,
    fetchPage: (cursor, signal) =>
      platform.admin.mailsPage({
        cursor,
        signal,
        limit: 25,
        status: statuses.find((known) => known === status),
      }),
  });
  return (
    <Page
      title="Mail"
      about="What was sent, what waits, and what was given up. Without an SMTP server this is where mails are read."
    >
      <Panel isFlush>
        <Group p="md">
          <Select
            label="Status"
            placeholder="All"
            clearable
            w={150}
            data={[...statuses]}
            value={status}
            onChange={setStatus}
          />
        </Group>
        <Loaded query={mails} lines={8}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No mail here">It comes with sign-ups, alerts and invoices.</Empty>
            ) : (
              <MailRows mails={data} onOpen={setOpen} />
            )
          }
        </Loaded>
        <More pages={mails} />
      </Panel>
      <Modal
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={open?.subject ?? ''}
        size="lg"
      >
        {open === null ? null : <OpenMail mail={open} />}
      </Modal>
    </Page>
  );
}

function OpenMail({ mail }: { mail: Mail }) {
  const queries = useQueryClient();
  const rendered = useQuery({
    queryKey: ['admin', 'mail', mail.id],
    queryFn: ({ signal }) => platform.admin.mail(mail.id, { signal }),
  });
  const resend = useMutation({
    mutationFn: () => platform.admin.resendMail(mail.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['admin', 'outbox'] }),
  });
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {mail.recipient_email} · {mail.topic}
      </Text>
      <Loaded query={rendered}>{({ text }) => <MailText text={text} />}</Loaded>
      {mail.last_error === null ? null : <Text size="sm">{mail.last_error}</Text>}
      {resend.isError ? <Problem error={resend.error} /> : null}
      {mail.status === 'failed' ? (
        <Group justify="flex-end">
          <Button loading={resend.isPending} onClick={() => resend.mutate()}>
            Send it again
          </Button>
        </Group>
      ) : null}
    </Stack>
  );
}
