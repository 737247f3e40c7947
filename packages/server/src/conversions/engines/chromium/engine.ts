import { readFile, stat, writeFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { EngineError } from '../engine.ts';
import type { Engine, EngineResult, EngineTask, Warning } from '../engine.ts';
import { markdownPage, screenStyle } from '../markdown/page.ts';
import { markdownShape, readMarkdown, type ReadingOptions } from '../markdown/read-markdown.ts';
import { launchBrowser } from './browser.ts';
import {
  checkPaper,
  jpegShape,
  pngShape,
  printShape,
  scriptShape,
  type PrintOptions,
  type ScriptOptions,
  type ShotOptions,
} from './options.ts';
import { readPageText } from './page-text.ts';
import { printStyle } from './print-style.ts';
import { print } from './print.ts';
import { findInstalled, unpackProgram } from './program.ts';
import { takeScreenshot } from './screenshot.ts';
import { findMissingScripts, warnOfMissingFonts } from './scripts-covered.ts';
import { withShutPage, type ShutPage } from './shut-page.ts';

const sizeBytesMax = 20 * 2 ** 20;
const loadTimeoutMs = 30_000;

interface Ready {
  readonly browser: Browser;
  readonly missingScripts: readonly string[];
}

interface Loaded {
  readonly html: Buffer;
  readonly warnings: readonly Warning[];
}

let starting: Promise<Ready> | null = null;

const pairOptions = {
  pdf: z.strictObject({ ...printShape, ...scriptShape }).superRefine(checkPaper),
  png: z.strictObject({ ...pngShape, ...scriptShape }),
  jpeg: z.strictObject({ ...jpegShape, ...scriptShape }),
};
const markdownOptions = {
  pdf: z.strictObject({ ...printShape, ...markdownShape }).superRefine(checkPaper),
  png: z.strictObject({ ...pngShape, ...markdownShape }),
  jpeg: z.strictObject({ ...jpegShape, ...markdownShape }),
};

/**
 * HTML and Markdown by a real Chromium: the one installed on the machine, else the one from npm. It
 * stays open; each document gets a browser context of its own, without network and, unless asked
 * for, without scripts.
 */
export const chromiumEngine: Engine & { warmUp(): Promise<void> } = {
  name: 'chromium',
  pairs: [
    { from: 'html', to: 'pdf', options: pairOptions.pdf },
    { from: 'html', to: 'png', options: pairOptions.png },
    { from: 'html', to: 'jpeg', options: pairOptions.jpeg },
    { from: 'html', to: 'txt', options: z.strictObject(scriptShape) },
    { from: 'md', to: 'pdf', options: markdownOptions.pdf },
    { from: 'md', to: 'png', options: markdownOptions.png },
    { from: 'md', to: 'jpeg', options: markdownOptions.jpeg },
  ],
  timeoutMs: 60_000,
  memoryBytesMax: 1.5 * 2 ** 30,
  probe: async () => {
    // Here and not in the child, whose folder goes with it.
    if (findInstalled() === null) await unpackProgram();
    return { available: true };
  },
  warmUp: async () => {
    const { browser } = await start();
    await withShutPage(browser, pageRequest(Buffer.from('<p>warm'), {}, {}), ({ page }) =>
      page.pdf(),
    );
  },
  run,
};

function start(): Promise<Ready> {
  starting ??= launchBrowser().then(async (browser) => ({
    browser,
    missingScripts: await findMissingScripts(browser),
  }));
  return starting;
}

async function run(task: EngineTask): Promise<EngineResult> {
  const { html, warnings } = await readHtml(task);
  const { browser, missingScripts } = await start();
  const options = task.options as ScriptOptions & Partial<ShotOptions>;
  task.progress(10, 'loading');
  return withShutPage(browser, pageRequest(html, options, options), async (shut) => {
    task.progress(40, 'converting');
    const fonts = await warnOfMissingFonts(shut.page, missingScripts);
    await writeFile(task.outputPath, await render(shut, task));
    task.progress(100, 'converting');
    return { format: task.to, warnings: [...warnings, ...fonts, ...shut.blocked()] };
  });
}

function pageRequest(html: Buffer, scripts: ScriptOptions, shot: Partial<ShotOptions>) {
  return {
    html,
    javascript: scripts.javascript ?? false,
    waitMs: scripts.wait_for ?? 0,
    loadTimeoutMs,
    window: {
      width: typeof shot.width === 'number' ? shot.width : 1280,
      height: typeof shot.height === 'number' ? shot.height : 800,
    },
    deviceScaleFactor: shot.device_scale_factor ?? 1,
  };
}

async function render({ page }: ShutPage, task: EngineTask): Promise<Buffer> {
  const { to, options } = task;
  if (to === 'pdf') return print(page, options as PrintOptions);
  if (to === 'txt') return readPageText(page);
  return takeScreenshot(page, to === 'png' ? 'png' : 'jpeg', options as ShotOptions);
}

async function readHtml(task: EngineTask): Promise<Loaded> {
  const { size } = await stat(task.inputPath);
  if (size > sizeBytesMax) {
    throw new EngineError(
      'document_too_complex',
      `A page may have at most ${sizeBytesMax} bytes, pictures included.`,
    );
  }
  const input = await readFile(task.inputPath);
  if (task.from === 'html') {
    if (input.length === 0) throw new EngineError('document_invalid', 'The file is empty.');
    return { html: input, warnings: [] };
  }
  const text = readMarkdown(input, task.options as ReadingOptions);
  const page = markdownPage(text, task.to === 'pdf' ? printStyle : screenStyle);
  return { html: Buffer.from(page), warnings: text.warnings };
}
