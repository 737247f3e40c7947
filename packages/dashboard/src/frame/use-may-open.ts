import { useRole } from '../session.ts';
import { mayOpen } from './navigation.ts';

/** Whether a page of this workspace is one for who looks: a link to another ends in a refusal. */
export function useMayOpen(): (path: string) => boolean {
  const role = useRole();
  return (path) => mayOpen(role, path);
}
