import sharp from 'sharp';
import type { Warning } from '../engine.ts';

let found: Promise<boolean> | null = null;

/** What to say of a drawing's text where there is no font at all: it is left out or drawn as boxes without a word. */
export async function warnOfMissingText(hasText: boolean): Promise<Warning[]> {
  if (!hasText || (await canDrawText())) return [];
  const detail =
    'The drawing has text, and there is no font here to draw it with: it is left out, or drawn as boxes.';
  return [{ code: 'fonts_missing', detail }];
}

/** Found out once: without a font two letters look the same, a box or nothing. */
function canDrawText(): Promise<boolean> {
  found ??= Promise.all([draw('A'), draw('O')]).then(([first, second]) => !first.equals(second));
  return found;
}

function draw(letter: string): Promise<Buffer> {
  const text = `<text y="16">${letter}</text>`;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">${text}</svg>`;
  return sharp(Buffer.from(drawing)).ensureAlpha().raw().toBuffer();
}
