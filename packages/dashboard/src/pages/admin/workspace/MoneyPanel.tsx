import { Switch, Text, TextInput } from '@mantine/core';
import type { AdminWorkspace, Billing } from '@mutate/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { Facts } from '../../../components/Facts.tsx';
import { Loaded } from '../../../components/Loaded.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { formatDate, formatMinor, parseMajor } from '../../../format.ts';
import { platform, useApi, useTimeZone } from '../../../session.ts';
import { useReload } from './use-reload.ts';

/** How it pays, what is in its favour, and giving it more of that. */
export function MoneyPanel({ workspace }: { workspace: AdminWorkspace }) {
  const { id } = workspace;
  const api = useApi();
  const billing = useQuery({
    queryKey: [id, 'billing'],
    queryFn: ({ signal }) => api.billing.get({ signal }),
  });
  return (
    <Panel
      title="Money"
      actions={billing.data === undefined ? null : <CreditDialog billing={billing.data} />}
    >
      <Loaded query={billing}>{(data) => <MoneyFacts billing={data} />}</Loaded>
      <ChargeSwitch workspace={workspace} />
    </Panel>
  );
}

function MoneyFacts({ billing }: { billing: Billing }) {
  const timeZone = useTimeZone();
  const { payment_method: card, next_invoice: next, currency } = billing;
  return (
    <Facts
      facts={[
        ['Card', card === null ? 'none' : `${card.brand} ending in ${card.last4}`],
        ['In its favour', formatMinor(billing.balance_minor, currency)],
        [
          'Next invoice',
          next === null
            ? 'none'
            : `${formatMinor(next.amount_due_minor, next.currency)} on ${formatDate(next.due_at, timeZone)}`,
        ],
        ['Past the limit', billing.overage_policy],
        [
          'Spend cap',
          billing.spend_cap_minor === null
            ? 'none'
            : formatMinor(billing.spend_cap_minor, currency),
        ],
      ]}
    />
  );
}

function ChargeSwitch({ workspace }: { workspace: AdminWorkspace }) {
  const reload = useReload();
  const allow = useMutation({
    mutationFn: (isAllowed: boolean) =>
      platform.admin.workspaces.allowOverageCharge(workspace.id, isAllowed),
    onSuccess: reload,
  });
  return (
    <>
      <Switch
        mt="md"
        label="May charge past the limit without a card"
        checked={workspace.overage_charge_allowed}
        disabled={allow.isPending}
        onChange={(event) => allow.mutate(event.currentTarget.checked)}
      />
      {allow.isError ? <Problem error={allow.error} /> : null}
    </>
  );
}

function CreditDialog({ billing: { workspace_id: id, currency } }: { billing: Billing }) {
  const reload = useReload();
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  const minor = parseMajor(amount, currency);
  return (
    <ActionDialog
      label="Give credit"
      title="Give credit"
      isDisabled={minor === null || minor === 0}
      onSubmit={async () => {
        await platform.admin.workspaces.giveCredit(id, {
          amount_minor: minor ?? 0,
          currency,
          reason,
        });
        await reload();
      }}
    >
      <Text size="sm" c="dimmed">
        Its next invoices are reduced by it.
      </Text>
      <TextInput
        label={`Amount in ${currency.toUpperCase()}`}
        inputMode="decimal"
        required
        error={amount !== '' && minor === null ? 'No such amount in this currency' : null}
        value={amount}
        onChange={(event) => setAmount(event.currentTarget.value)}
      />
      <TextInput
        label="Reason"
        required
        maxLength={300}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ActionDialog>
  );
}
