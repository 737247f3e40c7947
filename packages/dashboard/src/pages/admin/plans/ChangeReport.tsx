import { Text } from '@mantine/core';
import type { PlanChange } from '@mutate/sdk';
import { Panel } from '../../../components/Panel.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount } from '../../../format.ts';

/** What a change would do, and to whom. */
export function ChangeReport({ change }: { change: PlanChange }) {
  const stay = change.workspaces.filter(({ count }) => count > 0);
  return (
    <Panel title="What would change">
      {change.changes.length === 0 ? (
        <Text size="sm">Nothing: it is as it was.</Text>
      ) : (
        <Rows
          caption="Changes"
          rows={change.changes}
          keyOf={({ member }) => member}
          columns={[
            { header: 'What', cell: ({ member }) => member.replaceAll('_', ' ') },
            { header: 'Now', cell: ({ before }) => <Value value={before} /> },
            { header: 'Then', cell: ({ after }) => <Value value={after} /> },
          ]}
        />
      )}
      <Text size="sm" mt="md">
        {change.new_version === null
          ? 'It holds at once for everybody on the plan.'
          : `Version ${change.new_version} is sold from then on. ${whoStays(stay)}`}
      </Text>
    </Panel>
  );
}

function Value({ value }: { value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (
    <Text size="xs" component="span" className="mono">
      {value === null ? 'no limit' : text}
    </Text>
  );
}

function whoStays(stay: PlanChange['workspaces']): string {
  if (stay.length === 0) return 'Nobody is on the plan yet.';
  const words = stay.map(({ version, count }) => `${formatCount(count)} on version ${version}`);
  return `Who bought an older one keeps it: ${words.join(', ')}.`;
}
