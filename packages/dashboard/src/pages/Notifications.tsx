import { Group, Stack, Switch, Text } from '@mantine/core';
import type { NotificationPreferences } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Badge } from '../components/Badge.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { useApi, useRole, useWorkspaceId } from '../session.ts';
import { Mails } from './notifications/Mails.tsx';

type Category = NotificationPreferences['receives'][number];

const categories: { name: Category; label: string; description: string }[] = [
  {
    name: 'usage',
    label: 'Usage',
    description: 'Thresholds of the monthly limit, the first conversion past it, the spend cap',
  },
  {
    name: 'billing',
    label: 'Billing',
    description: 'Invoices, payments that failed, cards that expire, changes of the plan',
  },
  { name: 'digest', label: 'Weekly digest', description: 'What was used, once a week' },
  {
    name: 'security',
    label: 'Security',
    description: 'Endpoints switched off, the workspace suspended',
  },
];

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const role = useRole();
  const preferences = useQuery({
    queryKey: [workspaceId, 'notifications'],
    queryFn: ({ signal }) => api.notifications.get(undefined, { signal }),
  });
  return (
    <Page
      title="Notifications"
      about="Which mails you get about this workspace. Everybody chooses for themselves."
    >
      <Panel>
        <Loaded query={preferences}>{(data) => <Choices preferences={data} />}</Loaded>
      </Panel>
      {role === 'owner' || role === 'admin' ? <Mails /> : null}
    </Page>
  );
}

function Choices({ preferences }: { preferences: NotificationPreferences }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (wish: { name: Category; isOn: boolean }) =>
      api.notifications.update({ [wish.name]: wish.isOn }),
    onSuccess: (saved) => queries.setQueryData([workspaceId, 'notifications'], saved),
  });
  return (
    <Stack gap="lg">
      <Text size="sm" c="dimmed">
        To {preferences.email}
      </Text>
      {categories.map(({ name, label, description }) =>
        name === 'security' ? (
          <AlwaysSent key={name} label={label} description={description} />
        ) : (
          <Switch
            key={name}
            label={label}
            description={
              preferences[name] && !preferences.receives.includes(name)
                ? `${description}. Your role gets none of these.`
                : description
            }
            checked={preferences[name]}
            onChange={(event) => change.mutate({ name, isOn: event.currentTarget.checked })}
          />
        ),
      )}
      {change.isError ? <Problem error={change.error} /> : null}
    </Stack>
  );
}

/** No switch: one that cannot be moved looks like one that is off. */
function AlwaysSent({ label, description }: { label: string; description: string }) {
  return (
    <div>
      <Group gap="xs">
        <Text size="sm">{label}</Text>
        <Badge tone="good">always sent</Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {description}
      </Text>
    </div>
  );
}
