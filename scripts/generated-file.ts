import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * Writes a generated file of the repository. With `--check` it only compares, and ends the process
 * with 1 and the command that would mend it where the file is stale.
 */
export function writeOrCheck(name: string, content: string): void {
  const path = join(root, name);
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return;
  }
  if (readIfThere(path) === content) return;
  const script = process.argv[1]?.slice(root.length + 1) ?? 'the generator';
  console.error(`${name} is stale: run "npx node ${script}" and look at the difference.`);
  process.exitCode = 1;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
