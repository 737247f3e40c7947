import { Button, Group } from '@mantine/core';
import { Problem } from './Problem.tsx';

interface MoreProps {
  pages: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    error: unknown;
    fetchNextPage: () => unknown;
  };
}

/** The way to the next page of a list, where there is one. */
export function More({ pages }: MoreProps) {
  if (!pages.hasNextPage) return null;
  if (pages.isFetchNextPageError) {
    return <Problem error={pages.error} onRetry={() => void pages.fetchNextPage()} />;
  }
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
