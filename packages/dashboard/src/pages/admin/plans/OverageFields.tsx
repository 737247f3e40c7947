import { Autocomplete, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useFormats } from '../../convert/use-formats.ts';
import type { PriceDraft, TierDraft, TypeDraft } from './plan-draft.ts';

interface OverageFieldsProps {
  price: PriceDraft;
  onChange: (patch: Partial<PriceDraft>) => void;
}

const decimal = String.raw`\s*[0-9]+(\.[0-9]+)?\s*`;

/** What may stand in place of the one price past the limit: by number, and by type. */
export function OverageFields({ price, onChange }: OverageFieldsProps) {
  const { tiers, byType } = price;
  return (
    <Stack
      gap="xs"
      w="100%"
      pl="md"
      role="group"
      aria-label={`Past the limit, ${price.currency.toUpperCase()} a ${price.interval}`}
    >
      <TierRows tiers={tiers} onChange={(next) => onChange({ tiers: next })} />
      <TypeRows byType={byType} onChange={(next) => onChange({ byType: next })} />
      <Group gap="xs">
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => onChange({ tiers: withTier(tiers, price.overage) })}
        >
          {tiers.length === 0 ? 'Graduate by number' : 'Add a step'}
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => onChange({ byType: [...byType, { type: '', amount: '' }] })}
        >
          Add a price of one type
        </Button>
      </Group>
    </Stack>
  );
}

/** Two at first: one alone would be the plain price. */
function withTier(tiers: readonly TierDraft[], overage: string): TierDraft[] {
  if (tiers.length === 0) {
    return [
      { upTo: '100', amount: overage },
      { upTo: '', amount: '' },
    ];
  }
  return [...tiers.slice(0, -1), { upTo: '', amount: '' }, ...tiers.slice(-1)];
}

interface TierRowsProps {
  tiers: readonly TierDraft[];
  onChange: (tiers: TierDraft[]) => void;
}

function TierRows({ tiers, onChange }: TierRowsProps) {
  const change = (index: number, patch: Partial<TierDraft>) =>
    onChange(tiers.map((tier, at) => (at === index ? { ...tier, ...patch } : tier)));
  // One that is left alone holds for all, and is the plain price again.
  const remove = (index: number) =>
    onChange(tiers.length <= 2 ? [] : tiers.filter((_, at) => at !== index));
  return tiers.map((tier, index) => {
    const isLast = index === tiers.length - 1;
    return (
      <Group key={index} gap="sm" align="flex-end">
        {isLast ? (
          <Text size="sm" w={170} pb={8}>
            Every later one
          </Text>
        ) : (
          <TextInput
            label={`Up to, step ${index + 1}`}
            w={170}
            required
            inputMode="numeric"
            pattern="\s*[1-9][0-9]*\s*"
            title="Up to the how-manieth past the limit: more than in the step before"
            value={tier.upTo}
            onChange={(event) => change(index, { upTo: event.currentTarget.value })}
          />
        )}
        <TextInput
          label={isLast ? 'Each later one' : `Each, step ${index + 1}`}
          w={120}
          required
          inputMode="decimal"
          pattern={decimal}
          title="A decimal such as 0.004"
          value={tier.amount}
          onChange={(event) => change(index, { amount: event.currentTarget.value })}
        />
        {isLast ? null : (
          <Button size="sm" variant="subtle" onClick={() => remove(index)}>
            Remove step {index + 1}
          </Button>
        )}
      </Group>
    );
  });
}

/** Of two prices for one type the last would hold, unseen. */
function otherThan(others: readonly TypeDraft[]): string {
  const types = others.map(({ type }) => type).filter((type) => /^\w+$/.test(type));
  return types.length === 0 ? '.*' : String.raw`(?!\s*(?:${types.join('|')})\s*$).*`;
}

interface TypeRowsProps {
  byType: readonly TypeDraft[];
  onChange: (byType: TypeDraft[]) => void;
}

function TypeRows({ byType, onChange }: TypeRowsProps) {
  const formats = useFormats();
  const change = (index: number, patch: Partial<TypeDraft>) =>
    onChange(byType.map((own, at) => (at === index ? { ...own, ...patch } : own)));
  return byType.map((own, index) => (
    <Group key={index} gap="sm" align="flex-end">
      <Autocomplete
        label={`Type ${index + 1}`}
        w={230}
        required
        pattern={otherThan(byType.filter((_, at) => at !== index))}
        title="Each type has one price"
        limit={20}
        data={[...new Set((formats.data ?? []).map(({ type }) => type))]}
        value={own.type}
        onChange={(type) => change(index, { type: type.trim().toUpperCase() })}
      />
      <TextInput
        label={`Each of type ${index + 1}`}
        w={120}
        required
        inputMode="decimal"
        pattern={decimal}
        title="A decimal such as 0.05"
        value={own.amount}
        onChange={(event) => change(index, { amount: event.currentTarget.value })}
      />
      <Button
        size="sm"
        variant="subtle"
        onClick={() => onChange(byType.filter((_, at) => at !== index))}
      >
        Remove type {index + 1}
      </Button>
    </Group>
  ));
}
