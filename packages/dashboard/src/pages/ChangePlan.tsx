import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import type { ChangeSubscriptionInput, SubscriptionPreview } from '@mutate/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { Rows } from '../components/Rows.tsx';
import { formatDate, formatMinor, formatTime } from '../format.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../session.ts';
import { SimulatedBadge } from './billing/SimulatedBadge.tsx';
import { usePlanName } from './billing/use-plans.ts';
import { useReloadBilling } from './billing/use-reload-billing.ts';

/** `/billing/change?plan=…&interval=…&currency=…`: the exact invoice first, then the change. */
export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const planName = usePlanName();
  const [search] = useSearchParams();
  const input: ChangeSubscriptionInput = {
    planId: search.get('plan') ?? '',
    interval: search.get('interval') === 'year' ? 'year' : 'month',
    currency: search.get('currency') ?? undefined,
  };
  const preview = useQuery({
    queryKey: [workspaceId, 'preview', search.toString()],
    queryFn: ({ signal }) => api.subscription.preview(input, { signal }),
    // What is shown stays what will be invoiced, for as long as somebody reads it.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const name = planName(input.planId);
  return (
    <Page
      // Before the plans are here, and where they do not come, an id is nothing to read.
      title={name === input.planId ? 'Change plan' : `Change to ${name}`}
      about={
        <Anchor component={Link} to={`/${workspaceId}/billing/plans`} size="sm">
          All plans
        </Anchor>
      }
    >
      <Loaded query={preview} lines={6}>
        {(data) => <Offer preview={data} input={input} />}
      </Loaded>
    </Page>
  );
}

interface OfferProps {
  preview: SubscriptionPreview;
  input: ChangeSubscriptionInput;
}

function Offer({ preview, input }: OfferProps) {
  const workspaceId = useWorkspaceId();
  const { currency, when, amount_due_minor: due } = preview;
  const change = useChange(input, preview);
  return (
    <>
      <Panel
        title={when === 'now' ? 'What you pay now' : 'What changes'}
        actions={<SimulatedBadge />}
      >
        <Stack>
          <Words preview={preview} />
          {preview.lines.length === 0 ? null : <Lines preview={preview} />}
          <Total label="Total" minor={preview.total_minor} currency={currency} />
          {preview.total_minor === due ? null : (
            <Total label="Due now, after your balance" minor={due} currency={currency} />
          )}
        </Stack>
      </Panel>
      {change.isError ? <Problem error={change.error} /> : null}
      <Group>
        <Button loading={change.isPending} onClick={() => change.mutate()}>
          {changeInWords(preview)}
        </Button>
        <Button component={Link} to={`/${workspaceId}/billing`} variant="default">
          Leave it
        </Button>
      </Group>
    </>
  );
}

/** To the hosted page that asks for a card or a payment, or straight back to billing. */
function useChange(input: ChangeSubscriptionInput, preview: SubscriptionPreview) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const navigate = useNavigate();
  const reload = useReloadBilling();
  return useMutation({
    mutationFn: () =>
      api.subscription.change({
        ...input,
        when: preview.when,
        prorationDate: preview.proration_date ?? undefined,
        returnUrl: `${globalThis.location.origin}/${workspaceId}/billing`,
      }),
    onSuccess: async ({ checkout_url: url }) => {
      if (url !== null) return globalThis.location.assign(url);
      await reload();
      await navigate(`/${workspaceId}/billing`);
    },
  });
}

function Words({ preview }: { preview: SubscriptionPreview }) {
  const timeZone = useTimeZone();
  const { when, interval, currency, recurring_amount_minor: recurring } = preview;
  const { trial_ends_at: trialEnd } = preview;
  const later = `${formatMinor(recurring, currency)} every ${interval}`;
  if (trialEnd !== null) {
    return (
      <Text size="sm">
        Free until {formatTime(trialEnd, timeZone)}; from then on {later}, unless you cancel before.
        A card is asked for now and charged then.
      </Text>
    );
  }
  return (
    <Text size="sm">
      {when === 'now'
        ? `From then on ${later}. What you converted this period stays converted; the new limit holds at once.`
        : `You keep what you have until ${formatTime(preview.effective_at, timeZone)}; from then on it is ${later}. Nothing is charged before.`}
    </Text>
  );
}

function Lines({ preview }: { preview: SubscriptionPreview }) {
  const timeZone = useTimeZone();
  return (
    <Rows
      caption="Lines of the invoice"
      rows={preview.lines.map((line, index) => ({ ...line, index }))}
      keyOf={({ index }) => String(index)}
      columns={[
        { header: 'What', cell: ({ description }) => description },
        {
          header: 'Time',
          cell: ({ period }) =>
            `${formatDate(period.start, timeZone)} to ${formatDate(period.end, timeZone)}`,
        },
        {
          header: 'Amount',
          isNumeric: true,
          cell: ({ amount_minor: minor }) => formatMinor(minor, preview.currency),
        },
      ]}
    />
  );
}

function Total(props: { label: string; minor: number; currency: string }) {
  return (
    <Group justify="space-between">
      <Text fw={600}>{props.label}</Text>
      <Text fw={600}>{formatMinor(props.minor, props.currency)}</Text>
    </Group>
  );
}

function changeInWords(preview: SubscriptionPreview) {
  const { checkout, when, amount_due_minor: due, currency } = preview;
  if (preview.trial_ends_at !== null) return 'Start the trial';
  if (checkout) return 'Continue to payment';
  if (when === 'period_end') return 'Schedule the change';
  return due === 0 ? 'Change now' : `Pay ${formatMinor(due, currency)} and change`;
}
