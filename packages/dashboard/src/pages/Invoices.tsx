import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useWorkspaceId } from '../session.ts';
import { InvoiceRows } from './billing/InvoiceRows.tsx';
import { SimulatedBadge } from './billing/SimulatedBadge.tsx';

export function Component() {
  const workspaceId = useWorkspaceId();
  return (
    <Page
      title="Invoices"
      about={
        <Anchor component={Link} to={`/${workspaceId}/billing`} size="sm">
          Back to billing
        </Anchor>
      }
      actions={<SimulatedBadge />}
    >
      <Panel isFlush>
        <InvoiceRows />
      </Panel>
    </Page>
  );
}
