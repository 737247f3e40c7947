import { z } from 'zod';

const images = (value: 'inline' | 'drop') =>
  z
    .enum(['inline', 'drop'])
    .default(value)
    .describe('Pictures: within the text, as data: addresses, or left out.');

export const htmlOptions = z.strictObject({
  images: images('inline'),
  fragment: z.boolean().default(false).describe('Only what goes into a page, without the page.'),
});

export const markdownOptions = z.strictObject({ images: images('drop') });

export const textOptions = z.strictObject({});
