import { Anchor, Text } from '@mantine/core';
import type { Me } from '@mutate/sdk';
import { Link } from 'react-router';
import { Door } from '../doors/Door.tsx';

/** Why the pages of the platform stay closed to somebody, and where to go instead. */
export function NotForYou({ me }: { me: Me }) {
  const [first] = me.workspaces;
  const home = first === undefined ? '/' : `/${first.id}`;
  return (
    <Door title="Only for super admins">
      <Text size="sm">
        {me.second_factor_missing
          ? 'You are one, and this server asks for a second factor first.'
          : me.impersonated_by === null
            ? 'These pages are for who runs this server.'
            : 'While you act as somebody else you may only do what they may.'}
      </Text>
      <Anchor component={Link} to={me.second_factor_missing ? `${home}/account` : home} size="sm">
        {me.second_factor_missing ? 'Set it up, or sign in with it' : 'Go to your workspace'}
      </Anchor>
    </Door>
  );
}
