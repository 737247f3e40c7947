import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  TextInput,
} from '@mantine/core';
import type { CreateApiKeyInput, NewApiKey } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNow } from '../../business-time.ts';
import { Problem } from '../../components/Problem.tsx';
import { useApi, useWorkspaceId } from '../../session.ts';

const scopes = [
  { value: 'conversions:write', label: 'Convert', description: 'Start, cancel and delete' },
  { value: 'conversions:read', label: 'Read conversions', description: 'See and download' },
  { value: 'usage:read', label: 'Read usage' },
  { value: 'billing:read', label: 'Read billing' },
  { value: 'billing:write', label: 'Change billing', description: 'Plan, cap, payment' },
  { value: 'webhooks:write', label: 'Manage webhooks' },
  { value: 'keys:write', label: 'Manage keys' },
  { value: 'audit:read', label: 'Read the audit log' },
];

const lifetimes = [
  { value: '', label: 'Does not expire' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
];

/** What a new key may do, for how long, from where. */
export function NewKeyForm({ onMade }: { onMade: (key: NewApiKey) => void }) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState(['conversions:write', 'conversions:read', 'usage:read']);
  const [days, setDays] = useState('');
  const [limit, setLimit] = useState<number | string>('');
  const [ips, setIps] = useState<string[]>([]);
  const now = useNow();
  const create = useCreate(onMade);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({
          name,
          scopes: chosen,
          expiresAt: days === '' ? undefined : daysAfter(now, Number(days)),
          monthlyLimit: typeof limit === 'number' ? limit : undefined,
          allowedIps: ips.length === 0 ? undefined : ips,
        });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="The program or machine that will use it"
          required
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <ScopeChoice value={chosen} onChange={setChosen} />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label="Expiry"
            data={lifetimes}
            value={days}
            allowDeselect={false}
            onChange={(value) => setDays(value ?? '')}
          />
          <NumberInput
            label="Conversions a period"
            placeholder="As many as the workspace"
            min={0}
            allowDecimal={false}
            value={limit}
            onChange={setLimit}
          />
        </SimpleGrid>
        <TagsInput
          label="Only from these addresses"
          description="IP addresses or ranges such as 10.0.0.0/8; empty: from everywhere"
          value={ips}
          onChange={setIps}
        />
        {create.isError ? <Problem error={create.error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending} disabled={chosen.length === 0}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function useCreate(onMade: (key: NewApiKey) => void) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: CreateApiKeyInput) => api.apiKeys.create(input),
    onSuccess: async (key) => {
      onMade(key);
      await queries.invalidateQueries({ queryKey: [workspaceId, 'api-keys'] });
    },
  });
}

function ScopeChoice(props: { value: string[]; onChange: (value: string[]) => void }) {
  return (
    <Checkbox.Group label="Scopes" {...props}>
      <Group gap="xs" mt={6}>
        {scopes.map((scope) => (
          <Checkbox key={scope.value} w={230} {...scope} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

function daysAfter(now: number, days: number): string {
  return new Date(now + days * 86_400_000).toISOString();
}
