import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Nothing is here yet, why, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py={40} px="md" ta="center">
      <Text fw={600}>{title}</Text>
      <Text c="dimmed" size="sm" maw={420} component="div">
        {children}
      </Text>
    </Stack>
  );
}
