import sharp from 'sharp';
import { chromium } from '../chromium/runner-engine.ts';
import { makePdf } from '../pdf/make-pdf.ts';
import { pdfLib, pdfium } from '../pdf/runner-engines.ts';
import { openChildBench, type ChildBench } from '../text/run-in-child.ts';

const markdown = `# Quarterly report: Größe

Intro with **bold**, *italic*, \`inline code\` and a [link](https://example.com).

| Region | Units | Total |
|:-------|------:|------:|
| North  |    12 | 54.00 |
| South  |    34 | 99.10 |

> A quotation over two lines, long enough that it has to be broken somewhere on its way across.

1. First
2. Second
   - nested

\`\`\`ts
const total = rows.reduce((sum, row) => sum + row.total, 0);
\`\`\`
`;

const page = `<!DOCTYPE html><style>body { margin: 0; font: 40px sans-serif }
.row { display: flex } .row div { flex: 1; height: 200px }</style>
<div class=row><div style="background:#c33"></div><div style="background:#3a3"></div>
<div style="background:linear-gradient(#33c,#fff)"></div></div>
<svg width=800 height=150><circle cx=400 cy=75 r=70 fill=orange /></svg><p>Größe Москва`;

/** Width of what is compared: small enough that one font looks like another. */
const widthPixels = 160;

/** For tests: what the engines make of a few samples, as small images by name. */
export async function makeSamples(): Promise<Map<string, Buffer>> {
  const samples = new Map<string, Buffer>();
  await using stack = new AsyncDisposableStack();
  const open = async (spec: typeof chromium): Promise<ChildBench> => {
    const bench = await openChildBench(spec);
    stack.defer(() => bench.close());
    return bench;
  };
  const [browser, reader, writer] = [await open(chromium), await open(pdfium), await open(pdfLib)];
  const keep = async (name: string, image: Buffer) => {
    const small = sharp(image).flatten({ background: '#fff' }).resize({ width: widthPixels });
    samples.set(name, await small.toColourspace('srgb').png({ compressionLevel: 9 }).toBuffer());
  };
  const draw = async (name: string, input: Buffer) => {
    await keep(name, (await reader.convert({ from: 'pdf', to: 'png', input })).bytes);
  };
  const footer = 'Page <span class="pageNumber"></span>';
  const options = { footer, title: 'Report' };
  const print = { from: 'md', to: 'pdf', input: markdown, options } as const;
  await draw('markdown-to-pdf', (await browser.convert(print)).bytes);
  const window = { width: 800, height: 600, full_page: false };
  const shot = { from: 'html', to: 'png', input: page, options: window } as const;
  const image = (await browser.convert(shot)).bytes;
  await keep('html-to-png', image);
  await draw('pdf-to-png', await makePdf([`${'A line of text\n'.repeat(20)}The last line`]));
  const framed = { paper: 'a4', margin: '30mm' };
  const bound = { from: 'png', to: 'pdf', input: image, options: framed } as const;
  await draw('png-to-pdf', (await writer.convert(bound)).bytes);
  return samples;
}

/** How far apart two images are, 0 to 255: the mean, and the worst of the tiles of 8 by 8. */
export async function differenceOf(
  one: Buffer,
  other: Buffer,
): Promise<{ mean: number; worst: number }> {
  const read = (image: Buffer) =>
    sharp(image).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const [first, second] = await Promise.all([read(one), read(other)]);
  const { width, height } = first.info;
  if (second.info.width !== width || Math.abs(second.info.height - height) > 1) {
    return { mean: 255, worst: 255 };
  }
  const columns = Math.ceil(width / 8);
  const tiles = new Float64Array(columns * Math.ceil(height / 8));
  const length = Math.min(first.data.length, second.data.length);
  let sum = 0;
  for (let at = 0; at < length; at += 1) {
    const difference = Math.abs((first.data[at] ?? 0) - (second.data[at] ?? 0));
    const pixel = Math.floor(at / 3);
    const tile = Math.floor(pixel / width / 8) * columns + Math.floor((pixel % width) / 8);
    tiles[tile] = (tiles[tile] ?? 0) + difference / 192;
    sum += difference;
  }
  return { mean: sum / length, worst: Math.max(...tiles) };
}
