import { Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useEffect, useRef, type ReactNode } from 'react';
import { NavigationType, useNavigationType } from 'react-router';

interface PageProps {
  title: string;
  about?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The head and the width that all pages have. */
export function Page({ title, about, actions, children }: PageProps) {
  useDocumentTitle(`${title} · Mutate`);
  const heading = useHeadingFocus();
  return (
    <Stack gap="lg" maw={1080} mx="auto" w="100%">
      <Group justify="space-between" align="flex-start" gap="md">
        <Stack gap={4} maw={640}>
          <Title order={1} fz={24} lh={1.25} ref={heading} tabIndex={-1}>
            {title}
          </Title>
          {about === undefined ? null : (
            <Text c="dimmed" size="sm">
              {about}
            </Text>
          )}
        </Stack>
        {actions === undefined ? null : <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

/**
 * Who followed a link begins at the new page's title: a screen reader says it, the next Tab goes on from
 * there. Going back, and coming from elsewhere, is the browser's own.
 */
function useHeadingFocus() {
  const heading = useRef<HTMLHeadingElement>(null);
  const hasFollowedLink = useNavigationType() === NavigationType.Push;
  useEffect(() => {
    if (!hasFollowedLink) return;
    globalThis.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
    // Only as the page appears: its own filters change the address, too.
  }, []);
  return heading;
}
