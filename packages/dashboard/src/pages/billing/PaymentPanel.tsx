import { Button, Group, Stack, Text } from '@mantine/core';
import type { Billing } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { formatMinor } from '../../format.ts';
import { useApi } from '../../session.ts';
import { SimulatedBadge } from './SimulatedBadge.tsx';
import { useReloadBilling } from './use-reload-billing.ts';

/** The card, by its last digits; it is given and changed on the provider's own page. */
export function PaymentPanel({ billing }: { billing: Billing }) {
  const api = useApi();
  const reload = useReloadBilling();
  const { payment_method: card, balance_minor: balance, currency } = billing;
  const open = useMutation({
    mutationFn: (kind: 'card' | 'portal') => {
      const { href } = globalThis.location;
      return kind === 'card' ? api.billing.paymentMethodPage(href) : api.billing.portalPage(href);
    },
    onSuccess: (url) => globalThis.location.assign(url),
  });
  return (
    <Panel title="Payment" actions={<SimulatedBadge />}>
      <Stack>
        <Facts
          facts={[
            [
              'Card',
              card === null
                ? 'none on file'
                : `${card.brand} ending in ${card.last4}, until ${card.exp_month}/${card.exp_year}`,
            ],
            ['In your favour', formatMinor(balance, currency)],
            ['Currency', currency.toUpperCase()],
            ['Told by mail', toldByMail(billing)],
          ]}
        />
        <Group gap="sm">
          <Button
            size="xs"
            loading={open.isPending && open.variables === 'card'}
            onClick={() => open.mutate('card')}
          >
            {card === null ? 'Add a card' : 'Change card'}
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={open.isPending && open.variables === 'portal'}
            onClick={() => open.mutate('portal')}
          >
            Payment portal
          </Button>
          {card === null ? null : (
            <Confirm
              label="Remove"
              title="Remove the card?"
              onConfirm={async () => {
                await api.billing.removePaymentMethod();
                await reload();
              }}
            >
              It is deleted with the payment provider. A paid plan needs one.
            </Confirm>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          Cards are typed on the payment provider's page; their numbers never come here.
        </Text>
        {open.isError ? <Problem error={open.error} /> : null}
      </Stack>
    </Panel>
  );
}

function toldByMail({ billing_email: email }: Billing): string {
  const members = 'owners and billing members';
  return email === null ? members : `${email}, ${members}`;
}
