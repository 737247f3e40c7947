import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchBrowser } from '../packages/server/src/conversions/engines/chromium/browser.ts';
import { chromium } from '../packages/server/src/conversions/engines/chromium/runner-engine.ts';
import { pdfium } from '../packages/server/src/conversions/engines/pdf/runner-engines.ts';
import { openChildBench } from '../packages/server/src/conversions/engines/text/run-in-child.ts';

/**
 * Pages beside what one would pick instead, in one run and by turns: HTML to PDF beside a Chromium
 * started for each document, PDF to PNG beside poppler's pdftoppm where it is installed. On a busy
 * machine read the ratios.
 */
const rounds = Number(process.argv[2] ?? 7);
const execute = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'mutate-pages-'));

const paragraph = `<p>${'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(12)}</p>`;
const section = (number: number) =>
  `<section style="break-after:page"><h2>Section ${number}</h2>${paragraph.repeat(4)}</section>`;
const htmlOf = (pages: number) =>
  `<!DOCTYPE html><meta charset=utf-8><title>x</title>${Array.from({ length: pages }, (_, index) =>
    section(index + 1),
  ).join('')}`;

interface Contender {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

async function compare(title: string, contenders: readonly Contender[], perPage = 1) {
  const times = contenders.map((): number[] => []);
  for (const { run } of contenders) await run();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { run }] of contenders.entries()) {
      const started = performance.now();
      await run();
      times[index]?.push((performance.now() - started) / perPage);
    }
  }
  const medians = times.map((list) => list.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0);
  const [first = 1] = medians;
  for (const [index, { name }] of contenders.entries()) {
    const median = medians[index] ?? 0;
    console.log(`${title} | ${name} | ${median.toFixed(1)} ms | ${(median / first).toFixed(2)}`);
  }
}

/** What a script does that keeps no browser: start one, give it the page, print, end it. */
function coldChromium(html: string): Contender {
  return {
    name: 'Chromium started for it',
    run: async () => {
      const cold = await launchBrowser(folder, []);
      const page = await cold.newPage();
      await page.setContent(html);
      await page.pdf({ format: 'A4' });
      await cold.close();
    },
  };
}

const browser = await openChildBench(chromium);
const reader = await openChildBench(pdfium);
try {
  for (const pages of [1, 100]) {
    const input = htmlOf(pages);
    await compare(`HTML to PDF, ${pages} pages`, [
      { name: 'ours, warm', run: () => browser.convert({ from: 'html', to: 'pdf', input }) },
      coldChromium(input),
    ]);
  }
  const pages = 20;
  const { bytes } = await browser.convert({ from: 'html', to: 'pdf', input: htmlOf(pages) });
  const pdf = join(folder, 'input.pdf');
  await writeFile(pdf, bytes);
  const poppler: Contender = {
    name: 'pdftoppm',
    run: () => execute('pdftoppm', ['-r', '150', '-png', pdf, join(folder, 'page')]),
  };
  const input = await readFile(pdf);
  await compare(
    'PDF to PNG at 150 dpi, a page of 20',
    [
      { name: 'ours', run: () => reader.convert({ from: 'pdf', to: 'png', input }) },
      ...(existsSync('/usr/bin/pdftoppm') ? [poppler] : []),
    ],
    pages,
  );
} finally {
  await browser.close();
  await reader.close();
  await rm(folder, { recursive: true, force: true });
}
