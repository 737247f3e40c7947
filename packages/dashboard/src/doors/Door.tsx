import { Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useEffect, useRef, type ReactNode } from 'react';
import { Mark } from '../frame/Mark.tsx';

interface DoorProps {
  title: string;
  about?: ReactNode;
  children: ReactNode;
  /** Ways to the other doors. */
  below?: ReactNode;
}

/** The frame of the pages for who is not signed in. */
export function Door({ title, about, children, below }: DoorProps) {
  useDocumentTitle(`${title} · Mutate`);
  const heading = useFocusWhereLost(title);
  return (
    <main className="doors">
      <Stack w="100%" maw={400} gap="lg">
        <Group gap="xs">
          <Mark size={30} />
          <Text fw={600} fz="lg">
            Mutate
          </Text>
        </Group>
        <div className="panel door">
          <Stack p={{ base: 'lg', xs: 28 }} gap="md">
            <div>
              <Title order={1} fz={22} lh={1.3} ref={heading} tabIndex={-1}>
                {title}
              </Title>
              {about === undefined ? null : (
                <Text size="sm" c="dimmed" mt={4}>
                  {about}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </div>
        {below === undefined ? null : (
          <Text size="sm" c="dimmed" component="div">
            {below}
          </Text>
        )}
      </Stack>
    </main>
  );
}

/** A step that took the focused button with it: what comes next is read from its title. */
function useFocusWhereLost(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(title);
  useEffect(() => {
    if (shown.current !== title && document.activeElement === document.body) {
      heading.current?.focus();
    }
    shown.current = title;
  }, [title]);
  return heading;
}
