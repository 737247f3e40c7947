import { Anchor, Text } from '@mantine/core';
import type { PlanChange } from '@mutate/sdk';
import { Link } from 'react-router';
import { Panel } from '../../../components/Panel.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount } from '../../../format.ts';
import { changesInWords } from './changes-in-words.ts';

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
          rows={changesInWords(change)}
          keyOf={({ what }) => what}
          columns={[
            { header: 'What', cell: ({ what }) => what },
            { header: 'Now', cell: ({ before }) => <span className="breakable">{before}</span> },
            { header: 'Then', cell: ({ after }) => <span className="breakable">{after}</span> },
          ]}
        />
      )}
      {change.changes.length === 0 ? null : (
        <Text size="sm" mt="md">
          {change.new_version === null
            ? 'It holds at once for everybody on the plan.'
            : `Version ${change.new_version} is sold from then on. ${whoStays(stay)}`}{' '}
          {stay.length === 0 ? null : (
            <Anchor component={Link} to={`/admin?sort=newest&plan=${change.plan_id}`} size="sm">
              Who they are
            </Anchor>
          )}
        </Text>
      )}
    </Panel>
  );
}

function whoStays(stay: PlanChange['workspaces']): string {
  if (stay.length === 0) return 'Nobody is on the plan yet.';
  const words = stay.map(({ version, count }) => `${formatCount(count)} on version ${version}`);
  return `Who is on the plan keeps what was bought until you move them: ${words.join(', ')}.`;
}
