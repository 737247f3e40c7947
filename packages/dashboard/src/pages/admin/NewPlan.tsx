import { Anchor, Text } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { Page } from '../../components/Page.tsx';
import { PlanEditor } from './plans/PlanEditor.tsx';

export function Component() {
  const [search] = useSearchParams();
  const workspaceId = search.get('workspace');
  return (
    <Page
      title={workspaceId === null ? 'New plan' : 'New custom plan'}
      about={
        <Anchor component={Link} to="/admin/plans" size="sm">
          All plans
        </Anchor>
      }
    >
      {workspaceId === null ? null : (
        <Text size="sm">
          For{' '}
          <Anchor component={Link} to={`/admin/workspaces/${workspaceId}`} size="sm">
            one workspace
          </Anchor>{' '}
          alone: nobody else sees it. Assign it there once it is made.
        </Text>
      )}
      <PlanEditor plan={null} workspaceId={workspaceId} />
    </Page>
  );
}
