import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { OverageFields } from './OverageFields.tsx';
import { newPrice, type PriceDraft } from './plan-draft.ts';

interface PriceFieldsProps {
  prices: readonly PriceDraft[];
  onChange: (prices: PriceDraft[]) => void;
}

/** A row for each currency and interval. */
export function PriceFields({ prices, onChange }: PriceFieldsProps) {
  const change = (index: number, patch: Partial<PriceDraft>) =>
    onChange(prices.map((price, at) => (at === index ? { ...price, ...patch } : price)));
  const add = () => onChange([...prices, newPrice('eur')]);
  return (
    <Stack gap="sm">
      {prices.length === 0 ? (
        <Text size="sm" c="dimmed">
          Without a price it can only be assigned.
        </Text>
      ) : null}
      {prices.map((price, index) => (
        <PriceRow
          // Rows have no name of their own: a currency may be typed twice on the way.
          key={index}
          price={price}
          onChange={(patch) => change(index, patch)}
          onRemove={() => onChange(prices.filter((_, at) => at !== index))}
        />
      ))}
      <Group>
        <Button size="xs" variant="default" onClick={add}>
          Add a price
        </Button>
      </Group>
    </Stack>
  );
}

interface PriceRowProps {
  price: PriceDraft;
  onChange: (patch: Partial<PriceDraft>) => void;
  onRemove: () => void;
}

function PriceRow({ price, onChange, onRemove }: PriceRowProps) {
  return (
    <Group gap="sm" align="flex-end" role="group" aria-label={nameOf(price)} className="price-row">
      <TextInput
        label="Currency"
        w={90}
        required
        pattern="[a-z]{3}"
        title="Three small letters such as usd"
        value={price.currency}
        onChange={(event) => onChange({ currency: event.currentTarget.value.toLowerCase() })}
      />
      <Select
        label="Every"
        w={110}
        allowDeselect={false}
        data={['month', 'year']}
        value={price.interval}
        onChange={(value) => onChange({ interval: value === 'year' ? 'year' : 'month' })}
      />
      <TextInput
        label="Amount"
        w={120}
        required
        inputMode="decimal"
        value={price.amount}
        onChange={(event) => onChange({ amount: event.currentTarget.value })}
      />
      <TextInput
        label="Past the limit, each"
        w={150}
        placeholder={price.tiers.length === 0 ? 'not sold' : 'by steps'}
        disabled={price.tiers.length > 0}
        inputMode="decimal"
        pattern="\s*([0-9]+(\.[0-9]+)?)?\s*"
        value={price.tiers.length === 0 ? price.overage : ''}
        onChange={(event) => onChange({ overage: event.currentTarget.value })}
      />
      <Button size="sm" variant="subtle" onClick={onRemove}>
        Remove
      </Button>
      <OverageFields price={price} onChange={onChange} />
    </Group>
  );
}

function nameOf({ currency, interval }: PriceDraft): string {
  return `Price in ${currency.toUpperCase()} every ${interval}`;
}
