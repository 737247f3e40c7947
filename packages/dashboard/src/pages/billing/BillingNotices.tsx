import { Anchor, Button, Group, Text } from '@mantine/core';
import type { Billing, Subscription } from '@mutate/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Problem } from '../../components/Problem.tsx';
import { formatDate } from '../../format.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../../session.ts';
import { usePlanName } from './use-plans.ts';
import { useReloadBilling } from './use-reload-billing.ts';

interface NoticesProps {
  billing: Billing;
  subscription: Subscription;
}

/** What needs somebody, or is about to happen, each with the way out. */
export function BillingNotices({ billing, subscription }: NoticesProps) {
  const planName = usePlanName();
  const timeZone = useTimeZone();
  const { pending_change: pending, scheduled_change: scheduled } = subscription;
  return (
    <>
      {billing.status === 'ok' ? null : <Overdue billing={billing} />}
      {billing.status === 'ok' && billing.payment_method_missing ? (
        <CardMissing subscription={subscription} />
      ) : null}
      {pending === null ? null : (
        <Notice tone="warn">
          <Text size="sm">
            The change to <strong>{planName(pending.plan_id)}</strong> waits for its payment. Until
            it is paid you stay on {subscription.plan.name}.
          </Text>
          <Button component="a" href={pending.payment_url} size="xs">
            Pay now
          </Button>
        </Notice>
      )}
      {scheduled === null ? null : (
        <Scheduled subscription={subscription}>
          On {formatDate(scheduled.effective_at, timeZone)} the plan becomes{' '}
          <strong>{planName(scheduled.plan_id)}</strong>, paid by the {scheduled.interval}.
        </Scheduled>
      )}
      {subscription.cancel_at_period_end ? <Ending subscription={subscription} /> : null}
    </>
  );
}

function Notice({ tone, children }: { tone: 'bad' | 'warn'; children: ReactNode }) {
  return (
    <div className="notice" data-tone={tone} role="status">
      <Group justify="space-between" flex={1} gap="sm">
        {children}
      </Group>
    </div>
  );
}

/** The invoice that was not paid, where to pay it, and another card. */
function Overdue({ billing }: { billing: Billing }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const open = useQuery({
    queryKey: [workspaceId, 'billing', 'invoices', 'open'],
    queryFn: async ({ signal }) => {
      const { data } = await api.invoices.page({ limit: 20, signal });
      return data.find(({ status }) => status === 'open') ?? null;
    },
    refetchInterval: 10_000,
  });
  const page = useMutation({
    mutationFn: () => api.billing.paymentMethodPage(globalThis.location.href),
    onSuccess: (url) => globalThis.location.assign(url),
  });
  const url = open.data?.hosted_invoice_url ?? null;
  return (
    <Notice tone="bad">
      <Text size="sm" maw={560}>
        {billing.status === 'suspended'
          ? 'This workspace is suspended: new conversions are refused until what is overdue is paid, or the operator lets it go on.'
          : 'The last payment failed. The plan stays for the days of grace; then the limits of Free hold until it is paid.'}
      </Text>
      <Group gap="sm">
        {url === null ? null : (
          <Anchor href={url} size="sm">
            Pay invoice {open.data?.number ?? ''}
          </Anchor>
        )}
        <Button size="xs" loading={page.isPending} onClick={() => page.mutate()}>
          Use another card
        </Button>
      </Group>
      {page.isError ? <Problem error={page.error} /> : null}
    </Notice>
  );
}

/** Nothing to charge what comes next to. */
function CardMissing({ subscription }: { subscription: Subscription }) {
  const api = useApi();
  const timeZone = useTimeZone();
  const page = useMutation({
    mutationFn: () => api.billing.paymentMethodPage(globalThis.location.href),
    onSuccess: (url) => globalThis.location.assign(url),
  });
  const day = formatDate(subscription.current_period_end, timeZone);
  return (
    <Notice tone="bad">
      <Text size="sm" maw={560}>
        No card is on file.{' '}
        {subscription.status === 'trialing'
          ? `The trial of ${subscription.plan.name} ends on ${day}; without a card it cannot be paid from then on.`
          : `${subscription.plan.name} is charged next on ${day}; without a card that invoice cannot be paid.`}
      </Text>
      <Button size="xs" loading={page.isPending} onClick={() => page.mutate()}>
        Add a card
      </Button>
      {page.isError ? <Problem error={page.error} /> : null}
    </Notice>
  );
}

/** Choosing the present plan again takes back what is to come. */
function Scheduled(props: { subscription: Subscription; children: ReactNode }) {
  const { subscription, children } = props;
  const api = useApi();
  const reload = useReloadBilling();
  const { plan, interval } = subscription;
  const undo = useMutation({
    mutationFn: () => api.subscription.change({ planId: plan.id, interval }),
    onSuccess: reload,
  });
  return (
    <Notice tone="warn">
      <Text size="sm">{children}</Text>
      <Button size="xs" variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>
        Keep {plan.name}
      </Button>
      {undo.isError ? <Problem error={undo.error} /> : null}
    </Notice>
  );
}

function Ending({ subscription }: { subscription: Subscription }) {
  const api = useApi();
  const reload = useReloadBilling();
  const timeZone = useTimeZone();
  const resume = useMutation({ mutationFn: () => api.subscription.resume(), onSuccess: reload });
  return (
    <Notice tone="warn">
      <Text size="sm">
        {subscription.plan.name} ends on {formatDate(subscription.current_period_end, timeZone)};
        then the workspace is on Free.
      </Text>
      <Button size="xs" loading={resume.isPending} onClick={() => resume.mutate()}>
        Resume {subscription.plan.name}
      </Button>
      {resume.isError ? <Problem error={resume.error} /> : null}
    </Notice>
  );
}
