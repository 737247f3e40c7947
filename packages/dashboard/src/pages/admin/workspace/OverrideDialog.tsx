import { Autocomplete, Chip, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { AdminWorkspace, SetOverridesInput } from '@mutate/sdk';
import { useState } from 'react';
import { useNow } from '../../../business-time.ts';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { formatCount } from '../../../format.ts';
import { platform } from '../../../session.ts';
import { useReload } from './use-reload.ts';

const reasons = ['Agreed with the customer', 'Trial of a larger plan', 'Makes up for an outage'];

const asItIs = { value: 'as-it-is', label: 'As long as it does now' };
const lasting = [
  { value: 'period', label: 'Until the usage period ends' },
  { value: '7', label: 'For 7 days' },
  { value: '30', label: 'For 30 days' },
  { value: 'never', label: 'Until it is removed' },
];

interface Draft {
  monthly: string;
  concurrent: string;
  fileSize: string;
  rate: string;
  price: string;
  reason: string;
  until: string;
  /** When the override that is there ends. */
  endsNow: string | null;
}

/** Three clicks lift a block: open, how much, apply. */
export function OverrideDialog({ workspace }: { workspace: AdminWorkspace }) {
  const reload = useReload();
  const now = useNow();
  const [draft, setDraft] = useState(() => draftOf(workspace));
  const set = (patch: Partial<Draft>) => setDraft((before) => ({ ...before, ...patch }));
  return (
    <ActionDialog
      label="Change limits"
      title={`Limits of ${workspace.name}`}
      submitLabel="Apply"
      button={{ variant: 'filled' }}
      onOpen={() => setDraft(draftOf(workspace))}
      onSubmit={async () => {
        await platform.admin.workspaces.setOverrides(workspace.id, toWire(draft, workspace, now));
        await reload();
      }}
    >
      <Presets
        workspace={workspace}
        value={draft.monthly}
        onChange={(monthly) => set({ monthly })}
      />
      <LimitFields draft={draft} set={set} />
      <Autocomplete
        label="Reason"
        description="In the audit log, and shown to the workspace"
        required
        maxLength={300}
        data={reasons}
        value={draft.reason}
        onChange={(reason) => set({ reason })}
      />
      <Select
        label="How long"
        allowDeselect={false}
        data={workspace.overrides === null ? lasting : [asItIs, ...lasting]}
        value={draft.until}
        onChange={(until) => set({ until: until ?? 'period' })}
      />
    </ActionDialog>
  );
}

interface PresetsProps {
  workspace: AdminWorkspace;
  value: string;
  onChange: (value: string) => void;
}

function Presets({ workspace: { usage }, value, onChange }: PresetsProps) {
  const { limit } = usage;
  const base = limit ?? usage.used;
  const choices = [
    ...(base === 0 ? [] : [{ value: String(Math.ceil(base * 1.5)), label: '+50 %' }]),
    ...(base === 0 ? [] : [{ value: String(base * 2), label: 'Double' }]),
    { value: String(base + 1_000), label: '+1,000' },
    { value: 'unlimited', label: 'No limit' },
  ];
  return (
    <Stack gap={6}>
      <Text size="sm" c="dimmed">
        {limit === null
          ? `${formatCount(usage.used)} used, no limit now`
          : `${formatCount(usage.used)} of ${formatCount(limit)} used now`}
      </Text>
      <Chip.Group value={value} onChange={onChange}>
        <Group gap="xs">
          {choices.map((choice) => (
            <Chip key={choice.label} value={choice.value} size="sm">
              {choice.label}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Stack>
  );
}

function LimitFields({ draft, set }: { draft: Draft; set: (patch: Partial<Draft>) => void }) {
  const field = (
    name: Exclude<keyof Draft, 'endsNow'>,
    label: string,
    placeholder = "the plan's",
  ) => (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={draft[name]}
      w="calc(50% - 8px)"
      pattern="\s*([0-9]+|unlimited)?\s*"
      title="A whole number, unlimited, or nothing for the plan's"
      onChange={(event) => set({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <Group gap="md" align="flex-end">
      {field('monthly', 'Conversions')}
      {field('concurrent', 'At once')}
      {field('fileSize', 'Largest file, MB')}
      {field('rate', 'Requests a minute')}
      <TextInput
        label="Price past the limit"
        description="Decimal of a conversion, such as 0.004"
        placeholder="the plan's"
        pattern="\s*([0-9]+(\.[0-9]+)?)?\s*"
        w="100%"
        value={draft.price}
        onChange={(event) => set({ price: event.currentTarget.value })}
      />
    </Group>
  );
}

function draftOf({ overrides }: AdminWorkspace): Draft {
  const text = (value: number | string | null | undefined) => String(value ?? '');
  return {
    monthly: text(overrides?.monthly_limit),
    concurrent: text(overrides?.concurrent_limit),
    fileSize: text(overrides?.max_file_size_mb),
    rate: text(overrides?.rate_limit_per_minute),
    price: text(overrides?.overage_price),
    reason: overrides?.reason ?? reasons[0] ?? '',
    until: overrides === null ? 'period' : asItIs.value,
    endsNow: overrides?.expires_at ?? null,
  };
}

function toWire(draft: Draft, { usage }: AdminWorkspace, now: number): SetOverridesInput {
  return {
    monthly_limit: toLimit(draft.monthly),
    concurrent_limit: toLimit(draft.concurrent),
    max_file_size_mb: toLimit(draft.fileSize),
    rate_limit_per_minute: toLimit(draft.rate),
    overage_price: draft.price.trim() === '' ? null : draft.price.trim(),
    reason: draft.reason,
    expires_at: expiryOf(draft, usage.period_end, now),
  };
}

function toLimit(text: string): number | 'unlimited' | null {
  const value = text.trim();
  if (value === '') return null;
  return value === 'unlimited' ? 'unlimited' : Number(value);
}

function expiryOf({ until, endsNow }: Draft, periodEnd: string, now: number): string | null {
  if (until === asItIs.value) return endsNow;
  if (until === 'never') return null;
  if (until === 'period') return periodEnd;
  return new Date(now + Number(until) * 86_400_000).toISOString();
}
