import type { Page } from 'playwright-core';
import { pixelsMax } from '../bounds.ts';
import { EngineError } from '../engine.ts';
import type { ShotOptions } from './options.ts';

/** Chromium draws nothing beyond it. */
const sideMax = 16_384;

/**
 * The page as it looks in a window.
 *
 * @throws EngineError `document_too_complex` where the image would be too large
 */
export async function takeScreenshot(
  page: Page,
  type: 'png' | 'jpeg',
  options: ShotOptions,
): Promise<Buffer> {
  const { full_page: fullPage, device_scale_factor: factor } = options;
  const size = fullPage ? await measure(page) : { width: options.width, height: options.height };
  const width = Math.max(size.width, options.width) * factor;
  const height = Math.max(size.height, options.height) * factor;
  if (width * height > pixelsMax || Math.max(width, height) > sideMax) {
    throw new EngineError(
      'document_too_complex',
      `The image would have ${Math.round(width)} × ${Math.round(height)} pixels; it may have ` +
        `${pixelsMax} in all and ${sideMax} a side.`,
    );
  }
  return page.screenshot({
    type,
    fullPage,
    animations: 'disabled',
    ...(type === 'jpeg' ? { quality: options.quality ?? 85 } : {}),
    omitBackground: options.transparent ?? false,
  });
}

function measure(page: Page): Promise<{ width: number; height: number }> {
  return page.evaluate(() => {
    const { document } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number; scrollHeight: number } };
    };
    const { scrollWidth, scrollHeight } = document.documentElement;
    return { width: scrollWidth, height: scrollHeight };
  });
}
