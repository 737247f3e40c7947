import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { EngineError, type Format } from '../engine.ts';
import type { InstalledProgram } from '../program-folder.ts';
import { inputArguments } from './arguments.ts';
import { framePixelsMax, pixelShapeMax, secondsMax } from './options.ts';

const execute = promisify(execFile);
const probeTimeoutMs = 30_000;

export interface MediaFile {
  /** Of the whole, as the file says; null where it does not. */
  readonly seconds: number | null;
  /** When it was made, ISO 8601; null where it does not say. */
  readonly created: string | null;
  /** The first that moves, in square pixels as it is shown; null where nothing moves. */
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly seconds: number | null;
  } | null;
  /** The first track. */
  readonly sound: Sound | null;
}

export interface Sound {
  readonly channels: number;
  readonly hertz: number | null;
  /** Of a sample as it is stored; null where it is not stored as samples, as in MP3. */
  readonly bits: number | null;
  /** When it ends, by its own word; null where it does not say. */
  readonly seconds: number | null;
}

const amount = z.coerce.number().positive().optional().catch(undefined);
const text = z.string().optional().catch(undefined);
const streamSchema = z.object({
  codec_type: z.string().optional(),
  codec_tag_string: z.string().optional(),
  width: amount,
  height: amount,
  sample_aspect_ratio: text,
  channels: amount,
  sample_rate: amount,
  bits_per_sample: amount,
  bits_per_raw_sample: amount,
  start_time: amount,
  duration: amount,
  disposition: z.object({ attached_pic: z.number().optional() }).optional(),
  tags: z.object({ DURATION: text }).optional().catch(undefined),
});
const probeSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z
    .object({
      duration: amount,
      start_time: amount,
      tags: z.object({ creation_time: text }).optional().catch(undefined),
    })
    .default({ duration: undefined, start_time: undefined }),
});
type Stream = z.infer<typeof streamSchema>;

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
  const created = format.tags?.creation_time ?? '';
  return {
    seconds: format.duration ?? null,
    created: /^\d{4}-\d\d-\d\d[T \d:.+Z-]{0,24}$/u.test(created) ? created : null,
    picture: first === undefined ? null : pictureOf(first, format.start_time),
    sound: sound === undefined ? null : soundOf(sound, format.start_time),
  };
}

function pictureOf(stream: Stream, startOfFile = 0) {
  const { width = 1, height = 1, sample_aspect_ratio: ratio = '' } = stream;
  const [, across = 1, down = 1] = (/^(\d+):(\d+)$/u.exec(ratio) ?? []).map(Number);
  const shape = across / down;
  // As the filter takes it: a pixel of another shape is a mistake in the file.
  const wide = shape >= 1 / pixelShapeMax && shape <= pixelShapeMax ? width * shape : width;
  checkFrame(Math.round(wide), height, 'The film has');
  return { width: wide, height, seconds: endOf(stream, startOfFile) };
}

function soundOf(stream: Stream, startOfFile = 0): Sound {
  return {
    channels: stream.channels ?? 2,
    hertz: stream.sample_rate ?? null,
    bits: stream.bits_per_raw_sample ?? stream.bits_per_sample ?? null,
    seconds: endOf(stream, startOfFile),
  };
}

/** Matroska has the length of a track in a tag only. */
function endOf(stream: Stream, startOfFile: number): number | null {
  const { start_time: start = 0, duration, tags } = stream;
  if (duration !== undefined) return Math.max(0, start - startOfFile) + duration;
  // Elsewhere it is a text that anybody may have written there.
  const tag = /^(\d{1,5}):(\d\d):(\d\d(?:\.\d{1,9})?)$/u.exec(tags?.DURATION ?? '');
  const [, hours, minutes, seconds] = (tag ?? []).map(Number);
  const length = (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return length > 0 ? length : null;
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
