import type { Format } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { platform } from '../../session.ts';

/** What this server converts; it does not change while it runs. */
export function useFormats(): UseQueryResult<Format[]> {
  return useQuery({
    queryKey: ['formats'],
    queryFn: ({ signal }) => platform.formats.list({ signal }),
    staleTime: Infinity,
  });
}
