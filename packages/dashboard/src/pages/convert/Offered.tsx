import { Group, Stack, Text, Tooltip } from '@mantine/core';
import type { Format } from '@mutate/sdk';
import { formatCount } from '../../format.ts';

/** What this server can convert, before a file is chosen. */
export function Offered({ formats }: { formats: readonly Format[] }) {
  const sources = [...Map.groupBy(formats.filter(isAvailable), ({ from }) => from)];
  const count = sources.reduce((sum, [, targets]) => sum + targets.length, 0);
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {formatCount(count)} conversions from {sources.length} formats on this server:
      </Text>
      <Group gap={6}>
        {sources.map(([from, targets]) => (
          <Tooltip
            key={from}
            label={`to ${targets.map(({ to }) => to).join(', ')}`}
            multiline
            maw={320}
          >
            <span className="tag" tabIndex={0}>
              {from}
            </span>
          </Tooltip>
        ))}
      </Group>
    </Stack>
  );
}

function isAvailable({ available }: Format): boolean {
  return available;
}
