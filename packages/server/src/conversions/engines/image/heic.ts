import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { crc32, deflateSync } from 'node:zlib';
import { EngineError, type Engine, type EngineResult, type EngineTask } from '../engine.ts';
import { heicPairs, type Raster } from './options.ts';

const require = createRequire(import.meta.url);
const packageName = 'heic-decode';

interface Picture {
  readonly width: number;
  readonly height: number;
  decode(): Promise<{ readonly data: Uint8ClampedArray }>;
}
/** `all` reads the headers; each picture is decoded by itself. It has no types of its own. */
interface HeicDecoder {
  all(input: { readonly buffer: Buffer }): Promise<readonly Picture[] & { dispose(): void }>;
}

/** HEIC by libheif as WebAssembly (LGPL, in a child process only), the rest as with any image. */
export const heicEngine: Engine = {
  name: 'heic-decode',
  pairs: heicPairs,
  timeoutMs: 120_000,
  memoryBytesMax: 1.5 * 2 ** 30,
  probe: async () => {
    try {
      require.resolve(packageName);
      return { available: true };
    } catch {
      return { available: false, reason: `the optional package ${packageName} is not installed` };
    }
  },
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const [{ convertImage }, { checkPixels }] = await Promise.all([
    import('./pipeline.ts'),
    import('./inspect.ts'),
  ]);
  const file = await readFile(task.inputPath);
  const decoder = require(packageName) as HeicDecoder;
  const pictures = await decoder.all({ buffer: file }).catch(refuse);
  const [first] = pictures;
  if (first === undefined) return refuse('no picture');
  const { width, height } = first;
  checkPixels(width, height, 1, 'The image has');
  const { data } = await first.decode().catch(refuse);
  pictures.dispose();
  const png = await asPng(Buffer.from(data.buffer, data.byteOffset, data.length), width, height);
  const pair = { from: 'png', to: task.to as Raster, scale: 1 } as const;
  const warnings = await convertImage(task, withProfile(png, profileOf(file)), {}, pair);
  if (pictures.length === 1) return { format: task.to, warnings };
  const detail = `${pictures.length - 1} more pictures of the file were not converted.`;
  return { format: task.to, warnings: [{ code: 'frames_skipped', detail }, ...warnings] };
}

function refuse(cause: unknown): never {
  throw new EngineError('document_invalid', 'The image is damaged and cannot be read.', cause);
}

/** Uncompressed: it only carries the pixels, with their profile, into the pipeline. */
async function asPng(rgba: Buffer, width: number, height: number): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const image = sharp(rgba, { raw: { width, height, channels: 4 } });
  return (isOpaque(rgba) ? image.removeAlpha() : image).png({ compressionLevel: 0 }).toBuffer();
}

function isOpaque(rgba: Buffer): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

const profileBytesMax = 4 * 2 ** 20;

/** The ICC profile in a `colr` box (ISO 14496-12, 12.1.5); the decoder leaves colours as they are. */
function profileOf(file: Buffer): Buffer | null {
  const at = file.indexOf('colrprof', 4, 'latin1');
  if (at === -1) return null;
  const size = file.readUInt32BE(at - 4) - 12;
  const profile = file.subarray(at + 8, at + 8 + size);
  const sound = size >= 128 && size <= profileBytesMax && profile.length === size;
  return sound && profile.toString('latin1', 36, 40) === 'acsp' ? profile : null;
}

/** Where the header of a PNG ends: its signature and its first chunk. */
const headerBytes = 8 + 25;

function withProfile(png: Buffer, profile: Buffer | null): Buffer {
  if (profile === null) return png;
  const body = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(profile)]);
  const [size, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(body.length - 4);
  checksum.writeUInt32BE(crc32(body));
  const rest = png.subarray(headerBytes);
  return Buffer.concat([png.subarray(0, headerBytes), size, body, checksum, rest]);
}
