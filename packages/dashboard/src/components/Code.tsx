import { Group, Stack, Text } from '@mantine/core';
import { CopyButton } from './Copy.tsx';

/** Lines to copy. */
export function Code({ title, text }: { title: string; text: string }) {
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        <CopyButton text={text} />
      </Group>
      <pre className="code" tabIndex={0} aria-label={title}>
        <code>{text}</code>
      </pre>
    </Stack>
  );
}
