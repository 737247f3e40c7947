import {
  Button,
  Group,
  NumberInput,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import type { UpdateWorkspaceInput, Workspace } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Id } from '../components/Copy.tsx';
import { Facts } from '../components/Facts.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { formatTime } from '../format.ts';
import { platform, useWorkspace } from '../session.ts';
import { usePlanName } from './billing/use-plans.ts';
import { DataPanel } from './settings/DataPanel.tsx';

export function Component() {
  const workspace = useWorkspace();
  const planName = usePlanName();
  return (
    <Page title="Settings" about="What holds for everybody in this workspace.">
      <Loaded query={workspace} lines={8}>
        {(data) => (
          <>
            <Panel title="General">
              <SettingsForm key={data.id} workspace={data} />
            </Panel>
            <Panel title="Facts">
              <Facts
                facts={[
                  ['Workspace id', <Id key="id">{data.id}</Id>],
                  ['Created', formatTime(data.created_at, data.time_zone)],
                  ['Plan', planName(data.plan_id)],
                ]}
              />
            </Panel>
            <DataPanel key={`${data.id} data`} workspace={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function SettingsForm({ workspace }: { workspace: Workspace }) {
  const [name, setName] = useState(workspace.name);
  const [timeZone, setTimeZone] = useState(workspace.time_zone);
  const [hours, setHours] = useState<number | string>(workspace.retention_hours);
  const [thresholds, setThresholds] = useState(workspace.alert_thresholds.map(String));
  const save = useSave(workspace.id);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({
          name,
          timeZone,
          retentionHours: Number(hours),
          alertThresholds: thresholds.map(Number).toSorted((a, b) => a - b),
        });
      }}
    >
      <Stack maw={520}>
        <TextInput
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Time zone"
          description="In which times are shown and mails are written"
          searchable
          allowDeselect={false}
          limit={100}
          data={[...new Set(['UTC', timeZone, ...Intl.supportedValuesOf('timeZone')])]}
          value={timeZone}
          onChange={(value) => setTimeZone(value ?? 'UTC')}
        />
        <NumberInput
          label="Keep files for (hours)"
          description="Then inputs and outputs are deleted; 1 hour to a year"
          min={1}
          max={8760}
          allowDecimal={false}
          value={hours}
          onChange={setHours}
        />
        <TagsInput
          label="Tell us when so many percent are used"
          description="Whole numbers from 1 to 100"
          value={thresholds}
          onChange={setThresholds}
        />
        {save.isError ? <Problem error={save.error} /> : null}
        <Group>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {save.isSuccess ? 'Saved.' : ''}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

function useSave(workspaceId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: UpdateWorkspaceInput) => platform.workspaces.update(workspaceId, input),
    onSuccess: async (saved) => {
      queries.setQueryData([workspaceId, 'workspace'], saved);
      await queries.invalidateQueries({ queryKey: ['me'] });
    },
  });
}
