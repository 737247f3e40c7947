import { Group, Stack, Text } from '@mantine/core';
import { CopyButton } from './Copy.tsx';

interface CodeProps {
  title: string;
  text: string;
  /** All of it is to be seen, as of a key: lines that are too long are broken. */
  isWhole?: boolean;
}

/** Lines to copy. */
export function Code({ title, text, isWhole = false }: CodeProps) {
  return (
    <Stack gap={6}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        <CopyButton text={text} />
      </Group>
      <pre className={isWhole ? 'code letter' : 'code'} tabIndex={0} aria-label={title}>
        <code>{text}</code>
      </pre>
    </Stack>
  );
}
