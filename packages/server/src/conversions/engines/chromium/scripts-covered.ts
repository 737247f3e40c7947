import type { Browser, Page } from 'playwright-core';
import type { Warning } from '../engine.ts';

/** One character of each script that a machine may have no font for. */
const samples: Readonly<Record<string, string>> = {
  Greek: 'Ω',
  Cyrillic: 'Ж',
  Armenian: 'Ա',
  Hebrew: 'א',
  Arabic: 'ع',
  Devanagari: 'अ',
  Bengali: 'অ',
  Tamil: 'அ',
  Thai: 'ก',
  Georgian: 'ა',
  Ethiopic: 'አ',
  Khmer: 'ក',
  Hangul: '한',
  Hiragana: 'あ',
  Katakana: 'ア',
  Han: '語',
  // No face: DejaVu, which most machines have, draws those and nothing else of them.
  Emoji: '🚀',
};

/** The scripts that no font here covers, found out once by drawing a character of each. */
export async function findMissingScripts(browser: Browser): Promise<readonly string[]> {
  const context = await browser.newContext({ offline: true });
  try {
    const page = await context.newPage();
    return await page.evaluate(drawAll, samples);
  } finally {
    await context.close();
  }
}

/** Runs in the browser. A character without a glyph looks like one that is not assigned. */
function drawAll(characters: Readonly<Record<string, string>>): string[] {
  interface Canvas {
    width: number;
    height: number;
    getContext(kind: '2d'): { font: string; fillText(text: string, x: number, y: number): void };
    toDataURL(): string;
  }
  const { document } = globalThis as unknown as {
    document: { createElement(name: 'canvas'): Canvas };
  };
  const draw = (character: string) => {
    const canvas = document.createElement('canvas');
    canvas.width = 40;
    canvas.height = 40;
    const context = canvas.getContext('2d');
    context.font = '24px sans-serif';
    context.fillText(character, 4, 30);
    return canvas.toDataURL();
  };
  const none = new Set([draw('\u0378'), draw(' ')]);
  return Object.keys(characters).filter((script) => none.has(draw(characters[script] ?? '')));
}

/** Warns of text in scripts without a font, unless the page brings fonts of its own. */
export async function warnOfMissingFonts(
  page: Page,
  missing: readonly string[],
): Promise<Warning[]> {
  if (missing.length === 0) return [];
  const patterns = missing.map((script): [string, string] => [
    script,
    script === 'Emoji' ? '\\p{Emoji_Presentation}' : `\\p{Script=${script}}`,
  ]);
  const used = await page.evaluate(findScripts, patterns);
  if (used.length === 0) return [];
  const detail =
    `No font here has the characters of: ${used.join(', ')}. They are left out or shown as boxes; ` +
    'embed a font in the page (@font-face with a data: address), or ask the operator to install one.';
  return [{ code: 'fonts_missing', detail }];
}

/** Runs in the browser. */
function findScripts(patterns: readonly [string, string][]): string[] {
  const { document } = globalThis as unknown as {
    document: {
      body: { textContent: string } | null;
      fonts: Iterable<{ status: string }>;
    };
  };
  if ([...document.fonts].some(({ status }) => status === 'loaded')) return [];
  const text = document.body?.textContent ?? '';
  return patterns
    .filter(([, pattern]) => new RegExp(pattern, 'u').test(text))
    .map(([script]) => script);
}
