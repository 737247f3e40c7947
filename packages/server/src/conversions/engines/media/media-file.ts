import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { EngineError, type Format } from '../engine.ts';
import type { InstalledProgram } from '../program-folder.ts';
import { inputArguments } from './arguments.ts';
import { framePixelsMax, secondsMax } from './options.ts';

const execute = promisify(execFile);
const probeTimeoutMs = 30_000;

export interface MediaFile {
  /** As the file says; null where it does not. */
  readonly seconds: number | null;
  /** Pixels; null where nothing moves. */
  readonly picture: { readonly width: number; readonly height: number } | null;
  /** Of the first sound track; 0 where there is none. */
  readonly channels: number;
}

const amount = z.coerce.number().positive().optional().catch(undefined);
const probeSchema = z.object({
  streams: z
    .array(
      z.object({
        codec_type: z.string().optional(),
        codec_tag_string: z.string().optional(),
        width: amount,
        height: amount,
        channels: amount,
        disposition: z.object({ attached_pic: z.number().optional() }).optional(),
      }),
    )
    .default([]),
  format: z.object({ duration: amount }).default({ duration: undefined }),
});

/**
 * Asks ffprobe what is in a file and checks it against the bounds.
 *
 * @throws EngineError `document_invalid`, `document_encrypted`, `document_too_complex`
 */
export async function inspectMedia(
  ffprobe: InstalledProgram,
  from: Format,
  path: string,
): Promise<MediaFile> {
  const show = ['-v', 'error', '-print_format', 'json', '-show_format', '-show_streams'];
  const { stdout } = await execute(ffprobe.path, [...show, ...inputArguments(from, path)], {
    env: ffprobe.environment,
    timeout: probeTimeoutMs,
    maxBuffer: 4 * 2 ** 20,
  }).catch((error: unknown) => {
    throw damagedMedia(error);
  });
  const { streams, format } = probeSchema.parse(JSON.parse(stdout));
  if (
    streams.some(({ codec_tag_string: tag }) => tag === 'encv' || tag === 'drms' || tag === 'enca')
  ) {
    throw new EngineError('document_encrypted', 'The file is protected against copying.');
  }
  const pictures = streams.filter(
    (stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1,
  );
  for (const { width = 0, height = 0 } of pictures) checkFrame(width, height, 'The film has');
  const sound = streams.find((stream) => stream.codec_type === 'audio');
  const [first] = pictures;
  const seconds = format.duration ?? null;
  return {
    seconds,
    picture: first === undefined ? null : { width: first.width ?? 1, height: first.height ?? 1 },
    channels: sound === undefined ? 0 : (sound.channels ?? 2),
  };
}

/** Less of a file than this, by its own word, is a file that was cut off. */
export const wholeShare = 0.9;
/** What is written as the size where it was not known, on a pipe. */
const riffBytesUnknown = 0x7ff0_0000;

/**
 * WAV and AVI say at the start how large they are; nothing later tells that the end is missing.
 *
 * @throws EngineError `document_invalid`
 */
export async function checkRiff(path: string): Promise<void> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
  if (bytesRead < 8 || buffer.toString('latin1', 0, 4) !== 'RIFF') return;
  const declared = buffer.readUInt32LE(4);
  const { size } = await file.stat();
  if (declared < riffBytesUnknown && size < declared * wholeShare) {
    throw new EngineError('document_invalid', 'The file is damaged: its end is missing.');
  }
}

/** @throws EngineError `document_too_complex` for a frame beyond the bound */
export function checkFrame(width: number, height: number, subject: string): void {
  if (width * height <= framePixelsMax) return;
  const message = `${subject} ${width} × ${height} pixels; at most 8192 × 4352 are converted.`;
  throw new EngineError('document_too_complex', message);
}

/** @throws EngineError `document_too_complex` where more would be converted than is allowed */
export function checkSeconds(seconds: number): void {
  if (seconds <= secondsMax) return;
  const message =
    `The file lasts longer than the ${secondsMax / 3600} hours that are converted; ` +
    'options.start and options.duration choose a part.';
  throw new EngineError('document_too_complex', message);
}

export function damagedMedia(cause: unknown): EngineError {
  return new EngineError('document_invalid', 'The file is damaged and cannot be played.', cause);
}
