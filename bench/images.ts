import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Format } from '../packages/server/src/conversions/engines/engine.ts';
import { imageRunner } from '../packages/server/src/conversions/engines/image/runner-engines.ts';
import { startConverter } from '../packages/server/src/conversions/engines/test-convert.ts';

/**
 * A picture of 12 megapixels into WebP, AVIF and JPEG: the image engine as the service runs it, in
 * its sandboxed child, beside ffmpeg on the command line where it is installed, in turns.
 */
const rounds = Number(process.argv[2] ?? 3);
const peer = spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'mutate-bench-'));
const converter = await startConverter(imageRunner);

/** Clouds over a slope of colours, made small: the filter takes long at full size. */
const drawing = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="750">
<linearGradient id="g" x2="1" y2="1"><stop stop-color="#135"/><stop offset="1" stop-color="#fa6"/>
</linearGradient><filter id="f" x="0" y="0" width="1" height="1"><feTurbulence baseFrequency="0.08"
numOctaves="4" seed="7"/></filter><rect width="1000" height="750" fill="url(#g)"/>
<rect width="1000" height="750" filter="url(#f)" opacity="0.5"/></svg>`);

const options = { background: 'white' };
const small = (await converter.convert(drawing, { from: 'svg', to: 'png', options })).bytes;
const enlarge = { from: 'png', to: 'png', options: { width: 4000 } } as const;
const png = (await converter.convert(small, enlarge)).bytes;
const jpeg = (await converter.convert(png, { from: 'png', to: 'jpeg', options: { quality: 92 } }))
  .bytes;

/** ffmpeg's own settings for about our quality. */
const peerSettings: Partial<Record<Format, readonly string[]>> = {
  webp: ['-quality', '80'],
  jpeg: ['-q:v', '4'],
};

interface Run {
  readonly ms: number;
  readonly bytes: number;
}

async function ours(input: Buffer, from: Format, to: Format): Promise<Run> {
  const startedMs = performance.now();
  const { bytes } = await converter.convert(input, { from, to });
  return { ms: performance.now() - startedMs, bytes: bytes.length };
}

function theirs(path: string, to: Format): Run | null {
  const settings = peerSettings[to];
  if (!peer || settings === undefined) return null;
  const output = join(folder, `output.${to}`);
  const startedMs = performance.now();
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', path, ...settings, output]);
  return { ms: performance.now() - startedMs, bytes: statSync(output).size };
}

function median(runs: readonly Run[]): string {
  const sorted = runs.toSorted((a, b) => a.ms - b.ms);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) return '–';
  return `${(middle.ms / 1000).toFixed(2)} s, ${(middle.bytes / 2 ** 20).toFixed(2)} MB`;
}

console.log(`${rounds} rounds, median; 4000 × 3000; PNG ${png.length} B, JPEG ${jpeg.length} B`);
try {
  for (const [from, input] of [
    ['png', png],
    ['jpeg', jpeg],
  ] as const) {
    const path = join(folder, `input.${from}`);
    writeFileSync(path, input);
    for (const to of ['webp', 'jpeg', 'avif'] as const) {
      const [own, other]: [Run[], Run[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        own.push(await ours(input, from, to));
        const run = theirs(path, to);
        if (run) other.push(run);
      }
      console.log(`${from} to ${to}: Mutate ${median(own)}; ffmpeg ${median(other)}`);
    }
  }
} finally {
  await converter.close();
  rmSync(folder, { recursive: true });
}
