import { Button, Stack, Text, Title } from '@mantine/core';
import { useRouteError } from 'react-router';

/** A page that could not be loaded or drawn; a new version of the server is the usual cause. */
export function Broken() {
  const error = useRouteError();
  return (
    <div className="doors">
      <Stack align="center" gap="sm" ta="center" maw={460} role="alert">
        <Title order={1} fz={22}>
          This page stopped working
        </Title>
        <Text c="dimmed" size="sm">
          The dashboard may have been updated since you opened it. Load it again; if this comes
          back, tell the operator what you did.
        </Text>
        <Text c="dimmed" size="xs" className="mono">
          {error instanceof Error ? error.message : String(error)}
        </Text>
        <Button onClick={() => globalThis.location.reload()}>Load again</Button>
      </Stack>
    </div>
  );
}
