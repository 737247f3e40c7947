import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processorTimeOf } from '../../../test/processor-time.ts';
import { markdownDocxEngine } from './markdown-docx.ts';
import { plainTextOf } from './plain-text.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutate-word-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function toDocx(text: string) {
  const inputPath = join(folder, 'in.md');
  writeFileSync(inputPath, text);
  return markdownDocxEngine.run({
    from: 'md',
    to: 'docx',
    options: { breaks: false, linkify: false, typographer: false },
    inputPath,
    outputPath: join(folder, 'out.docx'),
    workDir: folder,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

/** Where time grew with the square, four times the text took sixteen times as long. */
const linearMax = 9;

describe('text made to take long', () => {
  test.each([
    ['paragraphs in one cell', (n: number) => `<tr><td>${'<p>abcdefgh</p>'.repeat(n)}</td></tr>`],
    ['raised letters in one paragraph', (n: number) => `<p>${'ab<sup>2</sup>'.repeat(n)}</p>`],
  ])('%s become plain text in time that grows with their number', async (_, make) => {
    const time = (n: number) => processorTimeOf(() => plainTextOf(make(n)));
    await time(20_000);
    const small = await time(20_000);
    expect(await time(80_000)).toBeLessThan(linearMax * Math.max(small, 20));
  });

  test('marks within marks become a Word document in time that grows with their number', async () => {
    const nested = (n: number) => '**a *b '.repeat(n) + 'c* d** '.repeat(n);
    await toDocx(nested(1_000));
    const small = await processorTimeOf(() => toDocx(nested(1_000)));
    expect(await processorTimeOf(() => toDocx(nested(4_000)))).toBeLessThan(
      linearMax * Math.max(small, 100),
    );
  });

  test('a cell of very many lines is a table like any other', async () => {
    const cell = '<br>'.repeat(200_000);
    const { warnings } = await toDocx(`| a |\n|---|\n| ${cell} |\n`);
    expect(warnings).toEqual([]);
  });
});
