import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { Empty } from '../components/Empty.tsx';
import { Page } from '../components/Page.tsx';

export function Component() {
  return (
    <Page title="Nothing here">
      <Empty title="There is no page at this address">
        It may have moved.{' '}
        <Anchor component={Link} to="/">
          Go to your workspace
        </Anchor>
      </Empty>
    </Page>
  );
}
