import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const dist = join(import.meta.dirname, '..', 'dist');
const kilobytesMax = 250;

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
}

const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Record<
  string,
  Chunk
>;
const pages = Object.keys(manifest).filter((name) => name.startsWith('src/pages/'));

/** A chunk and all that it imports at once, by file. */
function filesOf(name: string, found = new Set<string>()): Set<string> {
  const chunk = manifest[name];
  if (chunk === undefined || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const imported of chunk.imports ?? []) filesOf(imported, found);
  return found;
}

test(`no page has more than ${kilobytesMax} KB of compressed script before its data`, () => {
  expect(pages.length).toBeGreaterThan(5);
  const large = pages
    .map((page) => {
      const files = filesOf(page, filesOf('index.html'));
      const bytes = [...files].map((file) => gzipSync(readFileSync(join(dist, file))).length);
      return { page, kilobytes: bytes.reduce((sum, size) => sum + size, 0) / 1024 };
    })
    .toSorted((a, b) => b.kilobytes - a.kilobytes);
  expect(large.filter(({ kilobytes }) => kilobytes > kilobytesMax)).toEqual([]);
});
