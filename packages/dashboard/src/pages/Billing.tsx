import { Anchor, Button, SimpleGrid } from '@mantine/core';
import { Link } from 'react-router';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useWorkspaceId } from '../session.ts';
import { BillingHistory } from './billing/BillingHistory.tsx';
import { BillingNotices } from './billing/BillingNotices.tsx';
import { InvoiceRows } from './billing/InvoiceRows.tsx';
import { OveragePanel } from './billing/OveragePanel.tsx';
import { PaymentPanel } from './billing/PaymentPanel.tsx';
import { PlanPanel } from './billing/PlanPanel.tsx';
import { useBilling, useSubscription } from './billing/use-billing.ts';

export function Component() {
  const workspaceId = useWorkspaceId();
  const billing = useBilling();
  const subscription = useSubscription();
  return (
    <Page
      title="Billing"
      about="The plan, what it costs, and every invoice down to the conversion."
      actions={
        <Button component={Link} to={`/${workspaceId}/billing/plans`}>
          Compare plans
        </Button>
      }
    >
      <Loaded query={billing} lines={3}>
        {(account) => (
          <Loaded query={subscription} lines={3}>
            {(current) => (
              <>
                <BillingNotices billing={account} subscription={current} />
                <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" verticalSpacing="lg">
                  <PlanPanel billing={account} subscription={current} />
                  <PaymentPanel billing={account} />
                </SimpleGrid>
                <OveragePanel key={workspaceId} billing={account} subscription={current} />
              </>
            )}
          </Loaded>
        )}
      </Loaded>
      <Panel
        title="Invoices"
        isFlush
        actions={
          <Anchor component={Link} to={`/${workspaceId}/billing/invoices`} size="sm">
            All invoices
          </Anchor>
        }
      >
        <InvoiceRows limit={5} />
      </Panel>
      <BillingHistory />
    </Page>
  );
}
