import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';

/** The shape of what is about to come. */
export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <Stack gap="sm" p="md" w="100%" role="status">
      <VisuallyHidden>Loading</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={18} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}
