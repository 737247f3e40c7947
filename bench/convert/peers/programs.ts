import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Convert } from '../cases.ts';

const run = promisify(execFile);

/** `soffice --convert-to`, started for one document, as most services do. */
export function openColdOffice(filter: string): () => Promise<Convert> {
  return async () => {
    if (!existsSync('/usr/bin/soffice')) throw new Error('soffice is not installed');
    return async (input, output) => {
      const folder = await mkdtemp(join(tmpdir(), 'mutate-soffice-'));
      try {
        const profile = `-env:UserInstallation=file://${folder}/profile`;
        const args = [profile, '--headless', '--convert-to', filter, '--outdir', folder, input];
        await run('/usr/bin/soffice', args);
        const name = (await readdir(folder)).find((one) => one !== 'profile');
        if (name === undefined) throw new Error('it wrote nothing');
        await rename(join(folder, name), output);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    };
  };
}
