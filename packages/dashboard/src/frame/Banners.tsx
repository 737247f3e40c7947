import { Anchor, Button, Group, Text } from '@mantine/core';
import type { Me } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Problem } from '../components/Problem.tsx';
import { login } from '../session.ts';

/** What must be seen on every page: acting as somebody else, a second factor that is due. */
export function Banners({ me, base }: { me: Me; base: string }) {
  return (
    <>
      {me.impersonated_by === null ? null : <Impersonation me={me} />}
      {me.second_factor_missing ? (
        <div className="notice banner" data-tone="warn">
          <Text size="sm">
            You cannot act as super admin without a second factor.{' '}
            <Anchor component={Link} to={`${base}/account`} size="sm">
              Set it up, or sign in with it
            </Anchor>
          </Text>
        </div>
      ) : null}
    </>
  );
}

function Impersonation({ me }: { me: Me }) {
  const stop = useMutation({
    mutationFn: () => login.stopImpersonating(),
    // Everything on the page is somebody else's: begin anew.
    onSuccess: () => globalThis.location.assign('/'),
  });
  return (
    <div className="notice banner" data-tone="warn" role="status">
      <Group justify="space-between" flex={1}>
        <Text size="sm">
          You act as <strong>{me.user.name || me.user.email}</strong>. Everything you do is recorded
          with your own name.
        </Text>
        <Button size="xs" loading={stop.isPending} onClick={() => stop.mutate()}>
          Stop
        </Button>
        {stop.isError ? <Problem error={stop.error} /> : null}
      </Group>
    </div>
  );
}
