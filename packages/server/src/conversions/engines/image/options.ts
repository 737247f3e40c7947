import { z } from 'zod';
import type { Format, Pair } from '../engine.ts';

export const framesMax = 1000;

const rasters = ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const;
export type Raster = (typeof rasters)[number];
export type ImageSource = Raster | 'svg';

const side = z.int().min(1).max(16_384);
const percent = z.int().min(1).max(100);

const colour = z
  .string()
  .regex(
    /^(?:#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})|white|black|transparent)$/iu,
    'It must be #rgb, #rrggbb, #rrggbbaa, white, black or transparent.',
  );

/** What every image conversion knows. */
const base = {
  width: side.optional().describe('Pixels. With only one side given, the other follows.'),
  height: side.optional().describe('Pixels.'),
  fit: z
    .enum(['inside', 'outside', 'contain', 'cover', 'fill'])
    .default('inside')
    .describe(
      'Where both sides are given: "inside" fits within them, "outside" covers them, "contain" ' +
        'pads with the background, "cover" crops, "fill" distorts.',
    ),
  rotate: z
    .literal([0, 90, 180, 270])
    .default(0)
    .describe("Degrees clockwise, after the camera's orientation was applied."),
  background: colour
    .optional()
    .describe('What transparent and padded parts become. JPEG: white; else they stay transparent.'),
};

const stripMetadata = z
  .boolean()
  .default(true)
  .describe('False keeps EXIF (place and camera, too) and XMP.');

const anyFrame = z.int().min(0).max(99_999);
const oneFrame = anyFrame.optional().describe('Which frame or page, from 0. Default: the first.');
const frames = (byDefault: string) =>
  z
    .union([anyFrame, z.literal('all')])
    .optional()
    .describe(`Which frame or page, from 0, or "all". Default: ${byDefault}.`);

const dpi = z
  .number()
  .min(1)
  .max(2400)
  .default(96)
  .describe('Resolution of the drawing; at 96 a CSS pixel is a pixel.');

const quality = (byDefault: number) => percent.default(byDefault);
const lossless = z.boolean().default(false).describe('Then "quality" says nothing.');
const colours = z
  .int()
  .min(2)
  .max(256)
  .describe('Size of the palette: a smaller file with fewer colours.');

/** What the format that is written knows besides. */
const byTarget = {
  png: { colours: colours.optional() },
  jpeg: { quality: quality(82), progressive: z.boolean().default(false) },
  webp: { quality: quality(80), lossless, effort: z.int().min(0).max(6).default(4) },
  // Effort 4 takes three times as long, 9 half a minute for a photo.
  avif: { quality: quality(55), lossless, effort: z.int().min(0).max(4).default(2) },
  tiff: {
    compression: z.enum(['deflate', 'lzw', 'none', 'jpeg']).default('deflate'),
    quality: quality(85).describe('Of compression "jpeg".'),
  },
  gif: { colours: colours.default(256), effort: z.int().min(1).max(10).default(7) },
} satisfies Record<Raster, z.ZodRawShape>;

function frameOption(from: ImageSource, to: Raster): z.ZodRawShape {
  if (from !== 'gif' && from !== 'webp' && from !== 'tiff') return {};
  if (to !== 'gif' && to !== 'webp' && to !== 'tiff') return { frame: oneFrame };
  return { frame: frames(keepsAllFrames(from, to) ? 'all' : 'the first') };
}

/** Pages of a scan do not become an animation unless asked for. */
export function keepsAllFrames(from: Format, to: Format): boolean {
  if (from === 'tiff') return to === 'tiff';
  return (from === 'gif' || from === 'webp') && (to === 'gif' || to === 'webp' || to === 'tiff');
}

function optionsOf(from: ImageSource, to: Raster): z.ZodObject {
  const source = from === 'svg' ? { dpi } : { strip_metadata: stripMetadata };
  return z.strictObject({ ...base, ...source, ...frameOption(from, to), ...byTarget[to] });
}

/** Among the raster formats, each into itself too (resized, compressed again), and SVG into each. */
export const imagePairs: readonly Pair[] = [...rasters, 'svg' as const].flatMap((from) =>
  rasters.map((to) => ({ from, to, options: optionsOf(from, to) })),
);

/** HEIC has neither frames nor metadata that we could keep. */
export const heicPairs: readonly Pair[] = rasters
  .filter((to) => to !== 'gif')
  .map((to) => ({ from: 'heic', to, options: z.strictObject({ ...base, ...byTarget[to] }) }));

/** The options of all pairs together, as the pipeline reads them. */
export const imageOptions = z.object({
  ...base,
  strip_metadata: stripMetadata,
  frame: frames('').optional(),
  dpi,
  quality: percent.optional(),
  lossless,
  effort: z.int().optional(),
  progressive: byTarget.jpeg.progressive,
  compression: byTarget.tiff.compression,
  colours: colours.optional(),
});

export type ImageOptions = z.infer<typeof imageOptions>;
