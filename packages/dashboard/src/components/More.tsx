import { Button, Group } from '@mantine/core';

interface MoreProps {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** The way to the next page of a list, where there is one. */
export function More({ pages }: MoreProps) {
  if (!pages.hasNextPage) return null;
  return (
    <Group justify="center" p="md">
      <Button
        variant="default"
        loading={pages.isFetchingNextPage}
        onClick={() => void pages.fetchNextPage()}
      >
        Show more
      </Button>
    </Group>
  );
}
