import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface FigureProps {
  label: string;
  figure: string;
  /** Beside the figure. */
  of?: string;
  about?: ReactNode;
  children?: ReactNode;
}

/** One number in a card, with what it means. */
export function Figure({ label, figure, of = '', about, children }: FigureProps) {
  return (
    <section className="panel" aria-label={label}>
      <Stack gap={8} p="md" h="100%">
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        <div>
          <span className="figure">{figure}</span>{' '}
          <Text component="span" size="sm" c="dimmed">
            {of}
          </Text>
        </div>
        {children}
        {about === undefined ? null : (
          <Text size="xs" c="dimmed" mt="auto" component="div">
            {about}
          </Text>
        )}
      </Stack>
    </section>
  );
}
