import { Anchor } from '@mantine/core';
import type { Invoice } from '@mutate/sdk';
import { Link } from 'react-router';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatDate, formatMinor } from '../../format.ts';
import { usePagesOfList } from '../../pages-of-list.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../../session.ts';
import { InvoiceBadge } from './InvoiceBadge.tsx';

/** Invoices as a table; with a limit only the newest. */
export function InvoiceRows({ limit }: { limit?: number }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const invoices = usePagesOfList<Invoice>({
    queryKey: [workspaceId, 'billing', 'invoices', limit ?? 'all'],
    fetchPage: (cursor, signal) => api.invoices.page({ cursor, signal, limit: limit ?? 25 }),
    refetchMs: 15_000,
  });
  return (
    <>
      <Loaded query={invoices} lines={4}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="No invoices yet">The first one comes with a paid plan.</Empty>
          ) : (
            <Table invoices={data} />
          )
        }
      </Loaded>
      {limit === undefined ? <More pages={invoices} /> : null}
    </>
  );
}

function Table({ invoices }: { invoices: readonly Invoice[] }) {
  const workspaceId = useWorkspaceId();
  const timeZone = useTimeZone();
  return (
    <Rows
      caption="Invoices"
      rows={invoices}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Invoice',
          cell: ({ id, number }) => (
            <Anchor component={Link} to={`/${workspaceId}/billing/invoices/${id}`} size="sm">
              {number ?? 'Draft'}
            </Anchor>
          ),
        },
        { header: 'Date', cell: ({ created_at: at }) => formatDate(at, timeZone) },
        { header: 'For', cell: ({ reason }) => reasonInWords(reason) },
        { header: 'Status', cell: ({ status }) => <InvoiceBadge status={status} /> },
        {
          header: 'Amount',
          isNumeric: true,
          cell: ({ total_minor: total, currency }) => formatMinor(total, currency),
        },
      ]}
    />
  );
}

/** Why the payment provider made an invoice. */
export function reasonInWords(reason: string): string {
  switch (reason) {
    case 'subscription_create':
      return 'Subscription';
    case 'subscription_cycle':
      return 'Renewal';
    case 'subscription_update':
      return 'Change of plan';
    case 'manual':
      return 'Past the limit';
    default:
      return reason.replaceAll('_', ' ');
  }
}
