import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { MutateError } from '@mutate/sdk';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { isSignedOut } from '../query-client.ts';

interface ProblemProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  /** The way out, where the page knows one. */
  children?: ReactNode;
}

/**
 * What went wrong, in the server's words, with the id that support asks for. What is not there or
 * not allowed is not tried again: the answer would be the same.
 */
export function Problem({ error, onRetry, children }: ProblemProps) {
  const isKnown = error instanceof MutateError;
  const isStale = isKnown && error.extras['reason'] === 'sign_in_again';
  const isFinal = isKnown && (error.status === 403 || error.status === 404);
  const { pathname } = useLocation();
  return (
    <div className="notice" data-tone="bad" role="alert">
      <Stack gap={6} flex={1}>
        <Text size="sm" fw={500}>
          {isKnown ? error.detail : 'Something went wrong in this page.'}
        </Text>
        {isSignedOut(error) ? (
          <Anchor component={Link} to="/sign-in" size="sm">
            Sign in
          </Anchor>
        ) : null}
        {isStale ? (
          <Anchor component={Link} to={`/sign-in?from=${encodeURIComponent(pathname)}`} size="sm">
            Sign in again, and come back
          </Anchor>
        ) : null}
        {children}
        <Group gap="md">
          {onRetry === undefined || isFinal ? null : (
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          {isKnown && error.requestId !== null ? (
            // Two that break apart on a phone: an id is read out and copied whole.
            <Group gap="0 8px">
              <Text size="xs" c="dimmed" className="mono">
                {error.code}
              </Text>
              <Text size="xs" c="dimmed" className="mono">
                {error.requestId}
              </Text>
            </Group>
          ) : null}
        </Group>
      </Stack>
    </div>
  );
}
