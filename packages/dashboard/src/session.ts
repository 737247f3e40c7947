import { Mutate, type Me, type Role, type Workspace } from '@mutate/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useParams } from 'react-router';

const baseUrl = globalThis.location.origin;

/** The client for what belongs to no workspace. */
export const platform = new Mutate({ baseUrl });

const billingMode = document.querySelector<HTMLMetaElement>('meta[name="billing-mode"]')?.content;

/** Whether no money moves: the payment provider's simulator stands behind this server. */
export const isSimulated = billingMode === 'simulator';

/** Signing in and out. Not tried again by itself: after a wrong password the server makes one wait. */
export const { login } = new Mutate({ baseUrl, retries: 0 });

/** Who is signed in. */
export function useMe(): UseQueryResult<Me> {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => platform.me({ signal }),
    staleTime: 60_000,
  });
}

/** The workspace of the page's URL. */
export function useWorkspaceId(): string {
  const { workspaceId } = useParams();
  if (workspaceId === undefined) throw new Error('This page belongs to no workspace.');
  return workspaceId;
}

/** What the signed-in person is here; null for a super admin who is no member. */
export function useRole(): Role | null {
  const workspaceId = useWorkspaceId();
  return useMe().data?.workspaces.find(({ id }) => id === workspaceId)?.role ?? null;
}

/** The client for the page's workspace. */
export function useApi(): Mutate {
  const workspaceId = useWorkspaceId();
  return useMemo(() => apiOf(workspaceId), [workspaceId]);
}

/** The same by a workspace's id. */
export function apiOf(workspaceId: string | undefined): Mutate {
  return new Mutate({ baseUrl, workspaceId });
}

/** The page's workspace with its settings. */
export function useWorkspace(): UseQueryResult<Workspace> {
  return useWorkspaceById(useWorkspaceId());
}

/** The same by its id; none where there is none. */
export function useWorkspaceById(id: string | undefined): UseQueryResult<Workspace> {
  return useQuery({
    queryKey: [id, 'workspace'],
    queryFn: ({ signal }) => platform.workspaces.get(id ?? '', { signal }),
    staleTime: 60_000,
    enabled: id !== undefined,
  });
}

/** Times are shown in the workspace's zone, whoever looks; in UTC where there is none. */
export function useTimeZone(): string {
  const { workspaceId } = useParams();
  return useWorkspaceById(workspaceId).data?.time_zone ?? 'UTC';
}
