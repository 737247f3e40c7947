import { Button, Group, Radio, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import type { Billing, OveragePolicy, Subscription } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { useUsageQuery } from '../../business-time.ts';
import { parseMajor, toMajor } from '../../format.ts';
import { useApi } from '../../session.ts';
import { overagePriceInWords } from '../usage/overage-price.ts';
import { useReloadBilling } from './use-reload-billing.ts';

interface OveragePanelProps {
  billing: Billing;
  subscription: Subscription;
}

/** What happens past the limit, how much it may cost, and who is told. */
export function OveragePanel({ billing, subscription }: OveragePanelProps) {
  const { currency } = billing;
  const [policy, setPolicy] = useState<string>(billing.overage_policy);
  const [cap, setCap] = useState(
    billing.spend_cap_minor === null ? '' : toMajor(billing.spend_cap_minor, currency),
  );
  const [email, setEmail] = useState(billing.billing_email ?? '');
  const capMinor = cap.trim() === '' ? null : parseMajor(cap, currency);
  const isCapWrong = cap.trim() !== '' && capMinor === null;
  const save = useSave();
  return (
    <Panel title="Past the limit, and who is told">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({
            overagePolicy: policies.find((known) => known === policy),
            spendCapMinor: capMinor,
            billingEmail: email.trim() === '' ? null : email.trim(),
          });
        }}
      >
        <Stack maw={620}>
          <PolicyChoice value={policy} onChange={setPolicy} subscription={subscription} />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput
              label={`Spend cap a usage period, ${currency.toUpperCase()}`}
              description="The most that overage may cost"
              placeholder="no cap"
              inputMode="decimal"
              error={isCapWrong ? 'No such amount in this currency' : null}
              value={cap}
              onChange={(event) => setCap(event.currentTarget.value)}
            />
            <TextInput
              label="Billing address"
              description="Told of invoices besides owners and billing members"
              placeholder="nobody else"
              type="email"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
          </SimpleGrid>
          {save.isError ? <Problem error={save.error} /> : null}
          <Group>
            <Button type="submit" loading={save.isPending} disabled={isCapWrong}>
              Save
            </Button>
            <Text size="sm" c="dimmed" role="status">
              {save.isSuccess ? 'Saved.' : ''}
            </Text>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

const policies: OveragePolicy[] = ['block', 'warn', 'charge'];

interface PolicyChoiceProps {
  value: string;
  onChange: (value: string) => void;
  subscription: Subscription;
}

function PolicyChoice({ value, onChange, subscription }: PolicyChoiceProps) {
  const { plan } = subscription;
  const usage = useUsageQuery().data;
  const price = usage === undefined ? undefined : overagePriceInWords(usage.overage);
  const options = {
    block: ['Refuse', 'New conversions wait for the next period or a larger plan.'],
    warn: ['Go on, free of charge', 'What is past the limit is counted and shown, not billed.'],
    charge: [
      'Go on and pay',
      price === null
        ? 'This plan has no price past its limit.'
        : `On the next invoice${price === undefined ? '' : `: ${price}`}.`,
    ],
  } as const;
  return (
    <Radio.Group label="When the limit is reached" value={value} onChange={onChange}>
      <Stack gap="xs" mt={8}>
        {policies.map((policy) => {
          const [label, description] = options[policy];
          const isOffered = plan.overage_policies.includes(policy);
          return (
            <Radio
              key={policy}
              value={policy}
              label={label}
              description={isOffered ? description : `${plan.name} does not offer it.`}
              disabled={!isOffered && value !== policy}
            />
          );
        })}
      </Stack>
    </Radio.Group>
  );
}

function useSave() {
  const api = useApi();
  const reload = useReloadBilling();
  return useMutation({
    mutationFn: (input: Parameters<typeof api.billing.update>[0]) => api.billing.update(input),
    onSuccess: reload,
  });
}
