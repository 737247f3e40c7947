import { Button, Checkbox, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { AdminPlanDetail, PlanChange } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { Panel } from '../../../components/Panel.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { platform } from '../../../session.ts';
import { draftOf, type PlanDraft, toWire } from './plan-draft.ts';
import { ChangeReport } from './ChangeReport.tsx';
import { PriceFields } from './PriceFields.tsx';

interface PlanEditorProps {
  /** Null makes a new one. */
  plan: AdminPlanDetail | null;
  /** Whom a new one is for. */
  workspaceId?: string | null;
}

/** Limits and prices of a plan; what a change would do is told before it is made. */
export function PlanEditor({ plan, workspaceId = null }: PlanEditorProps) {
  const [draft, setDraft] = useState(() => draftOf(plan));
  const [change, setChange] = useState<PlanChange | null>(null);
  const set = (patch: Partial<PlanDraft>) => {
    setDraft((before) => ({ ...before, ...patch }));
    setChange(null);
  };
  const input = toWire(draft, plan?.features ?? {});
  const save = useSave(plan, workspaceId);
  const preview = useMutation({
    mutationFn: async () => {
      if (plan !== null && input !== null) {
        setChange(await platform.admin.plans.previewChange(plan.id, input));
      }
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (input === null) return;
        if (plan === null || change !== null) save.mutate(input);
        else preview.mutate();
      }}
    >
      <Stack gap="lg">
        <Panel title="Limits">
          <LimitFields draft={draft} set={set} />
        </Panel>
        <Panel title="Prices">
          <PriceFields prices={draft.prices} onChange={(prices) => set({ prices })} />
        </Panel>
        {change === null ? null : <ChangeReport change={change} />}
        {preview.isError ? <Problem error={preview.error} /> : null}
        {save.isError ? <Problem error={save.error} /> : null}
        <Group>
          <Button
            type="submit"
            disabled={input === null}
            loading={save.isPending || preview.isPending}
          >
            {labelOf(plan, change)}
          </Button>
          <Text size="sm" c="dimmed">
            {input === null ? 'An amount is missing, or has more decimals than its currency.' : ''}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

function labelOf(plan: AdminPlanDetail | null, change: PlanChange | null): string {
  if (plan === null) return 'Create the plan';
  if (change === null) return 'See what would change';
  return change.new_version === null ? 'Save' : `Save as version ${change.new_version}`;
}

function useSave(plan: AdminPlanDetail | null, workspaceId: string | null) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async (input: NonNullable<ReturnType<typeof toWire>>) => {
      if (plan !== null) return platform.admin.plans.update(plan.id, input);
      const owner = workspaceId === null ? {} : { workspace_id: workspaceId };
      return platform.admin.plans.create({ ...input, ...owner });
    },
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: ['admin'] });
      if (plan === null) await navigate(`/admin/plans/${saved.id}`);
    },
  });
}

type LimitName = 'monthly' | 'concurrent' | 'fileSize' | 'rate' | 'trialDays';

function LimitFields({
  draft,
  set,
}: {
  draft: PlanDraft;
  set: (patch: Partial<PlanDraft>) => void;
}) {
  const limit = (name: LimitName, label: string, placeholder = 'no limit') => (
    <TextInput
      label={label}
      placeholder={placeholder}
      required={name === 'rate'}
      inputMode="numeric"
      pattern="\s*[0-9]*\s*"
      title="A whole number, or nothing"
      w={170}
      value={draft[name]}
      onChange={(event) => set({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <Stack>
      <Group align="flex-end">
        <TextInput
          label="Name"
          required
          maxLength={100}
          w={260}
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <Switch
          label="Customers can choose it themselves"
          pb={8}
          checked={draft.selfService}
          onChange={(event) => set({ selfService: event.currentTarget.checked })}
        />
      </Group>
      <Group>
        {limit('monthly', 'Conversions a period')}
        {limit('concurrent', 'At once')}
        {limit('fileSize', 'Largest file, MB')}
        {limit('rate', 'Requests a minute')}
        {limit('trialDays', 'Days of trial', 'none')}
      </Group>
      <Checkbox.Group
        label="Past the limit, a workspace may choose to"
        value={draft.policies}
        onChange={(policies) =>
          set({
            policies: (['block', 'warn', 'charge'] as const).filter((p) => policies.includes(p)),
          })
        }
      >
        <Group mt={6}>
          <Checkbox value="block" label="be refused" />
          <Checkbox value="warn" label="go on, free of charge" />
          <Checkbox value="charge" label="go on and pay" />
        </Group>
      </Checkbox.Group>
    </Stack>
  );
}
