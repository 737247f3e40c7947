import type { EngineProcess } from './engine-process.ts';
import { readProcessTable } from './process-group.ts';

const checkMs = 200;
/** Which processes there are changes less often than what they hold. */
const tableEvery = 5;

/**
 * Looks at the children that are busy, so that each is killed which holds, writes or waits more than
 * it may.
 *
 * @param atRest runs in place of that while none is
 */
export function watchChildren(
  listBusy: () => readonly EngineProcess[],
  atRest: () => void,
): NodeJS.Timeout {
  let checks = 0;
  return setInterval(() => {
    const busy = listBusy();
    if (busy.length === 0) return atRest();
    const fresh = checks++ % tableEvery === 0 || busy.some((child) => !child.hasMembers);
    const table = fresh ? readProcessTable() : null;
    for (const child of busy) {
      if (table) child.refreshMembers(table);
      child.checkMemory();
      child.checkProgress();
      if (table) void child.checkFolder();
    }
  }, checkMs).unref();
}
