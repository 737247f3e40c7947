import { Anchor, Button, Text } from '@mantine/core';
import type { InvoiceWithLines } from '@mutate/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { Facts } from '../components/Facts.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { Rows } from '../components/Rows.tsx';
import { formatAmount, formatCount, formatDate, formatMinor, formatTime } from '../format.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../session.ts';
import { InvoiceBadge } from './billing/InvoiceBadge.tsx';
import { reasonInWords } from './billing/InvoiceRows.tsx';
import { SimulatedBadge } from './billing/SimulatedBadge.tsx';

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const { invoiceId = '' } = useParams();
  const invoice = useQuery({
    queryKey: [workspaceId, 'billing', 'invoice', invoiceId],
    queryFn: ({ signal }) => api.invoices.get(invoiceId, { signal }),
    refetchInterval: 15_000,
  });
  return (
    <Page
      title={invoice.data === undefined ? 'Invoice' : `Invoice ${invoice.data.number ?? 'draft'}`}
      about={
        <Anchor component={Link} to={`/${workspaceId}/billing/invoices`} size="sm">
          All invoices
        </Anchor>
      }
      actions={invoice.data === undefined ? null : <InvoiceActions invoice={invoice.data} />}
    >
      <Loaded query={invoice} lines={8}>
        {(data) => (
          <>
            <Panel title="Lines" isFlush>
              <Lines invoice={data} />
            </Panel>
            <Panel title="Facts" actions={<SimulatedBadge />}>
              <InvoiceFacts invoice={data} />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function InvoiceActions({ invoice }: { invoice: InvoiceWithLines }) {
  const api = useApi();
  const statement = useMutation({
    mutationFn: async () => {
      const stream = await api.invoices.statement(invoice.id);
      const url = URL.createObjectURL(await new Response(stream).blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = `usage-${invoice.number ?? invoice.id}.pdf`;
      link.click();
      URL.revokeObjectURL(url);
    },
  });
  const { hosted_invoice_url: url, status } = invoice;
  return (
    <>
      <Button
        size="xs"
        variant="default"
        loading={statement.isPending}
        onClick={() => statement.mutate()}
      >
        Usage statement, PDF
      </Button>
      {url === null ? null : (
        <Button
          component="a"
          href={url}
          size="xs"
          variant={status === 'open' ? 'filled' : 'default'}
        >
          {status === 'open' ? 'Pay it' : 'Invoice page'}
        </Button>
      )}
      {statement.isError ? <Problem error={statement.error} /> : null}
    </>
  );
}

function Lines({ invoice }: { invoice: InvoiceWithLines }) {
  const workspaceId = useWorkspaceId();
  const timeZone = useTimeZone();
  const { currency, id: invoiceId } = invoice;
  return (
    <Rows
      caption="Lines"
      rows={invoice.lines}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'What',
          cell: ({ id, description, period }) => (
            <div>
              <Anchor
                component={Link}
                to={`/${workspaceId}/billing/invoices/${invoiceId}/lines/${id}`}
                size="sm"
              >
                {description}
              </Anchor>
              <Text size="xs" c="dimmed">
                {formatDate(period.start, timeZone)} to {formatDate(period.end, timeZone)}
              </Text>
            </div>
          ),
        },
        { header: 'Kind', cell: ({ kind }) => kind },
        { header: 'Count', isNumeric: true, cell: ({ quantity }) => formatCount(quantity) },
        {
          header: 'Each',
          isNumeric: true,
          cell: ({ unit_amount: unit }) => (unit === null ? '–' : formatAmount(unit, currency)),
        },
        {
          header: 'Amount',
          isNumeric: true,
          cell: ({ amount_minor: amount }) => formatMinor(amount, currency),
        },
      ]}
    />
  );
}

function InvoiceFacts({ invoice }: { invoice: InvoiceWithLines }) {
  const timeZone = useTimeZone();
  const money = (minor: number) => formatMinor(minor, invoice.currency);
  const time = (at: string | null) => (at === null ? '–' : formatTime(at, timeZone));
  return (
    <Facts
      facts={[
        ['Status', <InvoiceBadge key="status" status={invoice.status} />],
        ['For', reasonInWords(invoice.reason)],
        ['Total', money(invoice.total_minor)],
        ...(invoice.balance_applied_minor === 0
          ? []
          : [['From your balance', money(invoice.balance_applied_minor)] as const]),
        ['Due', money(invoice.amount_due_minor)],
        ['Paid', money(invoice.amount_paid_minor)],
        ...(invoice.credited_minor === 0
          ? []
          : [['Given back', money(invoice.credited_minor)] as const]),
        ['Made', time(invoice.created_at)],
        ['Paid on', time(invoice.paid_at)],
        ...(invoice.next_attempt_at === null
          ? []
          : [['Tried again', time(invoice.next_attempt_at)] as const]),
      ]}
    />
  );
}
