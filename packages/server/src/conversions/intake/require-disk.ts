import { statfs } from 'node:fs/promises';
import { AppError } from '../../errors.ts';
import type { ConversionDeps } from '../deps.ts';

/** @throws AppError `overloaded` where the disk is nearly full */
export async function requireDisk(deps: Pick<ConversionDeps, 'settings' | 'log'>): Promise<void> {
  const { bavail, bsize } = await statfs(deps.settings.workFolder);
  if (bavail * bsize >= deps.settings.diskBytesFreeMin) return;
  deps.log.error({ alarm: true }, 'the disk is nearly full: uploads are refused');
  throw new AppError('overloaded', 'The service is short of storage. Please try again later.', {
    retryAfterSeconds: 60,
  });
}
