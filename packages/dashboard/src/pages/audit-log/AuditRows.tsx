import { Button, Modal, Stack, Text } from '@mantine/core';
import type { AuditEntry } from '@mutate/sdk';
import { useState } from 'react';
import { Facts } from '../../components/Facts.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { formatTime } from '../../format.ts';
import { useTimeZone } from '../../session.ts';

/** Changes as a table, each of which opens. */
export function AuditRows({ entries }: { entries: readonly AuditEntry[] }) {
  const [open, setOpen] = useState<AuditEntry | null>(null);
  return (
    <>
      <Rows
        caption="Changes"
        rows={entries}
        keyOf={({ id }) => id}
        columns={[
          { header: 'When', cell: ({ created_at: at }) => <When at={at} /> },
          { header: 'What', cell: ({ action }) => <Text size="sm">{action}</Text> },
          {
            header: 'On',
            cell: ({ target }) => (
              <Text size="xs" c="dimmed" component="span" className="mono">
                {target.id}
              </Text>
            ),
          },
          {
            header: 'By',
            cell: ({ actor }) => (
              <Text size="xs" c="dimmed" component="span" className="mono">
                {actor.id}
              </Text>
            ),
          },
          {
            header: 'Details',
            isQuiet: true,
            isNumeric: true,
            cell: (entry) => (
              <Button size="xs" variant="default" onClick={() => setOpen(entry)}>
                Details
              </Button>
            ),
          },
        ]}
      />
      <Modal
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={open?.action ?? ''}
        size="lg"
      >
        {open === null ? null : <EntryDetails entry={open} />}
      </Modal>
    </>
  );
}

function EntryDetails({ entry }: { entry: AuditEntry }) {
  const timeZone = useTimeZone();
  return (
    <Stack>
      <Facts
        facts={[
          ['When', formatTime(entry.created_at, timeZone)],
          ['By', `${entry.actor.kind} ${entry.actor.id}`],
          ['On', `${entry.target.kind} ${entry.target.id}`],
          ...(entry.reason === null ? [] : [['Reason', entry.reason] as const]),
          ...(entry.request_id === null ? [] : [['Request', entry.request_id] as const]),
          ['Entry', `${entry.sequence} of the chain`],
          [
            'Hash',
            <span key="h" className="mono">
              {entry.hash}
            </span>,
          ],
        ]}
      />
      {entry.erased ? (
        <Text size="sm">What changed was erased; that it changed stays.</Text>
      ) : (
        <>
          <Value title="Before" value={entry.before} />
          <Value title="After" value={entry.after} />
        </>
      )}
    </Stack>
  );
}

function Value({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {title}
      </Text>
      <pre className="code" tabIndex={0} aria-label={title}>
        {JSON.stringify(value, undefined, 2)}
      </pre>
    </div>
  );
}
