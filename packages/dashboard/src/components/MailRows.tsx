import { Button, Text } from '@mantine/core';
import type { Mail } from '@mutate/sdk';
import { Badge, type Tone } from './Badge.tsx';
import { Rows } from './Rows.tsx';
import { When } from './When.tsx';

const tones: Record<Mail['status'], Tone> = { waiting: 'live', sent: 'good', failed: 'bad' };

interface MailRowsProps {
  mails: readonly Mail[];
  onOpen: (mail: Mail) => void;
}

/** Mails, each with a button to read it. */
export function MailRows({ mails, onOpen }: MailRowsProps) {
  return (
    <Rows
      caption="Mails"
      rows={mails}
      keyOf={({ id }) => id}
      columns={[
        { header: 'Subject', cell: ({ subject }) => <Text size="sm">{subject}</Text> },
        {
          header: 'To',
          cell: ({ recipient_email: to }) => (
            <Text size="sm" className="breakable">
              {to}
            </Text>
          ),
        },
        { header: 'State', cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
        { header: 'When', isNumeric: true, cell: ({ created_at: at }) => <When at={at} /> },
        {
          header: 'Read',
          isQuiet: true,
          isNumeric: true,
          cell: (mail) => (
            <Button
              size="xs"
              variant="default"
              aria-label={`Read ${mail.subject}`}
              onClick={() => onOpen(mail)}
            >
              Read
            </Button>
          ),
        },
      ]}
    />
  );
}

/** What a mail says. */
export function MailText({ text }: { text: string }) {
  return (
    <pre className="code letter" tabIndex={0} aria-label="Text of the mail">
      {text}
    </pre>
  );
}
