import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  EngineError,
  type Availability,
  type Engine,
  type EngineResult,
  type EngineTask,
  type Format,
  type Warning,
} from '../engine.ts';
import { conversionArguments } from './arguments.ts';
import {
  checkFrame,
  checkRiff,
  checkSeconds,
  damagedMedia,
  inspectMedia,
  wholeShare,
  type MediaFile,
} from './media-file.ts';
import { isAudio, mediaOptions, mediaPairs } from './options.ts';
import type { MediaOptions, MediaTarget } from './options.ts';
import { findPrograms, type MediaPrograms } from './program.ts';
import { runFfmpeg } from './run-ffmpeg.ts';

const execute = promisify(execFile);
const probeTimeoutMs = 10_000;
const encoders = ['libx264', 'libvpx-vp9', 'libmp3lame', 'libvorbis', 'libopus', 'aac', 'flac'];

/**
 * Sound and films by the machine's ffmpeg, a program of its own: offered only where installed.
 *
 * @param programFolder the operator's own, where it is looked for first
 */
export function mediaEngine(programFolder: string | null): Engine {
  const programs = findPrograms(programFolder);
  return {
    name: 'ffmpeg',
    pairs: mediaPairs,
    timeoutMs: 900_000,
    memoryBytesMax: 1.5 * 2 ** 30,
    probe: () => probePrograms(programs),
    run: (task) => {
      if (programs !== null) return run(programs, task);
      throw new EngineError('internal_error', 'ffmpeg is not installed.');
    },
  };
}

async function probePrograms(programs: MediaPrograms | null): Promise<Availability> {
  if (programs === null) return { available: false, reason: 'ffmpeg is not installed' };
  const { path, environment: env } = programs.ffmpeg;
  const { stdout } = await execute(path, ['-hide_banner', '-encoders'], {
    timeout: probeTimeoutMs,
    env,
  });
  const missing = encoders.filter((name) => !stdout.includes(` ${name} `));
  if (missing.length === 0) return { available: true };
  return { available: false, reason: `${path} lacks ${missing.join(', ')}` };
}

async function run({ ffmpeg, ffprobe }: MediaPrograms, task: EngineTask): Promise<EngineResult> {
  const options = mediaOptions.parse(task.options);
  const to = task.to as MediaTarget;
  task.progress(0, 'reading');
  await checkRiff(task.inputPath);
  const file = await inspectMedia(ffprobe, task.from, task.inputPath);
  checkStreams(file, to);
  if (!isAudio(to)) checkResult(file, options);
  const expected = expectedSeconds(file, { ...task, to }, options);
  const args = conversionArguments({ ...task, to }, options, file, expected);
  const { seconds, frames, log } = await runFfmpeg(ffmpeg, args, (done) => {
    if (expected !== null) task.progress(Math.min(99, (100 * done) / expected), 'converting');
  }).catch((error: unknown) => {
    throw isPart(options) && isEmpty(error) ? nothingThere(options, error) : error;
  });
  const { size } = await stat(task.outputPath).catch(() => ({ size: 0 }));
  if (size === 0 || seconds === 0 || (!isAudio(to) && frames === 0)) {
    throw isPart(options) ? nothingThere(options, log) : damagedMedia(log);
  }
  if (expected !== null && seconds < expected * wholeShare - 1) {
    const message = `The file is damaged: ${Math.round(seconds)} of ${Math.round(expected)} seconds can be played.`;
    throw new EngineError('document_invalid', message, log);
  }
  task.progress(100, 'converting');
  return { format: to, warnings: [...damageIn(log), ...bitrateLowered(to, options, file, log)] };
}

const isPart = ({ start, duration }: MediaOptions) => start > 0 || duration !== undefined;

const isEmpty = (error: unknown) =>
  error instanceof EngineError && String(error.cause).includes('nothing was encoded');

function nothingThere({ start, duration }: MediaOptions, cause: unknown): EngineError {
  const end = duration === undefined ? 'the end' : `second ${start + duration}`;
  const message = `options.start: from second ${start} to ${end} there is nothing to convert.`;
  return new EngineError('invalid_request', message, cause);
}

function checkStreams(file: MediaFile, to: MediaTarget): void {
  if (isAudio(to) && file.sound === null) {
    throw new EngineError('document_invalid', 'The file has no sound.');
  }
  if (!isAudio(to) && file.picture === null) {
    throw new EngineError('document_invalid', 'The file has no moving picture.');
  }
}

/** One side given, the other follows, however far. */
function checkResult({ picture }: MediaFile, { width, height }: MediaOptions): void {
  if (picture === null || (width !== undefined) === (height !== undefined)) return;
  const scale = width === undefined ? (height ?? 1) / picture.height : width / picture.width;
  const sides = [picture.width * scale, picture.height * scale].map(Math.round);
  checkFrame(sides[0] ?? 0, sides[1] ?? 0, 'The result would have');
}

/** How long the result will be, by the tracks that go into it; null where the file does not say. */
function expectedSeconds(
  file: MediaFile,
  { from, to }: { from: Format; to: MediaTarget },
  options: MediaOptions,
): number | null {
  const { start, duration } = options;
  const needed = isAudio(to) ? file.sound : file.picture;
  const also = to === 'gif' || isAudio(to) || options.mute ? null : file.sound;
  const ends = [needed, also].flatMap((track) => track?.seconds ?? []);
  const seconds = ends.length === 0 ? file.seconds : Math.max(...ends);
  const last = needed?.seconds ?? file.seconds;
  if (last !== null && start >= last) {
    const what = isAudio(from) ? 'file' : isAudio(to) ? 'sound' : 'picture';
    const message = `options.start: the ${what} lasts ${last.toFixed(1)} seconds.`;
    throw new EngineError('invalid_request', message);
  }
  const rest = seconds === null ? null : seconds - start;
  const expected = rest === null ? null : Math.min(rest, duration ?? rest);
  if (expected !== null) checkSeconds(expected);
  return expected;
}

const troubles =
  /invalid data|corrupt|error while decoding|partial file|prematurely|header missing/iu;

function damageIn(log: string): Warning[] {
  if (!troubles.test(log)) return [];
  const detail = 'Parts of the file cannot be played; the result has gaps or is shorter.';
  return [{ code: 'damaged_parts', detail }];
}

/** What an MP3 has at most, by its sample rate (ISO/IEC 11172-3, 13818-3, and "MPEG-2.5"). */
const mp3Kilobits = (hertz: number) => (hertz >= 32_000 ? 320 : hertz >= 16_000 ? 160 : 64);

/** A format's own limit on what was asked for. */
function bitrateLowered(
  to: MediaTarget,
  { bitrate, sample_rate: asked }: MediaOptions,
  { sound }: MediaFile,
  log: string,
): Warning[] {
  // Of a film it is that of its picture.
  if (bitrate === undefined || !isAudio(to)) return [];
  const hertz = asked ?? sound?.hertz ?? 48_000;
  const isLowered = to === 'mp3' ? bitrate > mp3Kilobits(hertz) : /clamping to max/u.test(log);
  if (!isLowered) return [];
  const most = to === 'mp3' ? `, at most ${mp3Kilobits(hertz)}` : '';
  const detail = `options.bitrate: at ${hertz} Hz there are fewer kilobits a second${most}.`;
  return [{ code: 'bitrate_lowered', detail }];
}
