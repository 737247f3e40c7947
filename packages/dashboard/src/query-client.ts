import { MutateError } from '@mutate/sdk';
import { QueryClient } from '@tanstack/react-query';

/** The SDK tries again by itself what may pass; what it gives up is shown. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: false, staleTime: 5_000, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
  });
}

/** The session is over, or there never was one; not of what signs in itself, which has a reason. */
export function isSignedOut(error: unknown): boolean {
  const isRefused = error instanceof MutateError && error.status === 401;
  return isRefused && error.extras['reason'] === undefined;
}
