import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Loading } from './Loading.tsx';
import { Problem } from './Problem.tsx';

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}

/** A query's data, or what is to be seen until there is some. */
export function Loaded<T>({ query, lines = 4, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  }
  return <Loading lines={lines} />;
}
