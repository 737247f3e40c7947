import { Anchor, Group, Text } from '@mantine/core';
import { MutateError } from '@mutate/sdk';
import { Link } from 'react-router';
import { useMayOpen } from '../../frame/use-may-open.ts';
import { Problem } from '../../components/Problem.tsx';
import { useWorkspaceId } from '../../session.ts';

interface RefusalProps {
  error: unknown;
  onTarget: (to: string) => void;
}

const aboutLimits = new Set([
  'quota_exceeded',
  'file_too_large',
  'spend_cap_reached',
  'payment_overdue',
]);

/** Why a file was not converted, and the way out where there is one. */
export function Refusal({ error, onTarget }: RefusalProps) {
  const workspaceId = useWorkspaceId();
  const mayOpen = useMayOpen();
  const code = error instanceof MutateError ? error.code : '';
  const targets = error instanceof MutateError ? error.extras['supported_targets'] : undefined;
  const isAboutLimits = aboutLimits.has(code);
  return (
    <Problem error={error}>
      {isAboutLimits ? (
        <Group gap="md">
          <Anchor component={Link} to={`/${workspaceId}/usage`} size="sm">
            See your limits
          </Anchor>
          {mayOpen('billing') ? (
            <Anchor component={Link} to={`/${workspaceId}/billing${wayOut(code)}`} size="sm">
              {code === 'quota_exceeded' || code === 'file_too_large'
                ? 'Choose a larger plan'
                : 'See billing'}
            </Anchor>
          ) : null}
        </Group>
      ) : null}
      {Array.isArray(targets) && targets.length > 0 ? (
        <Group gap="xs">
          <Text size="sm">Offered for this file:</Text>
          {targets.map((target) => (
            <Anchor
              key={String(target)}
              component="button"
              size="sm"
              onClick={() => onTarget(String(target))}
            >
              {String(target)}
            </Anchor>
          ))}
        </Group>
      ) : null}
    </Problem>
  );
}

/** A larger plan lifts a limit; a cap and what is overdue are seen to on the page of billing. */
function wayOut(code: string): string {
  return code === 'quota_exceeded' || code === 'file_too_large' ? '/plans' : '';
}
