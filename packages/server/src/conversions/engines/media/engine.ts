import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  EngineError,
  type Availability,
  type Engine,
  type EngineResult,
  type EngineTask,
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
  const expected = expectedSeconds(file, options);
  const args = conversionArguments({ ...task, to }, options, file.channels);
  const { seconds, log } = await runFfmpeg(ffmpeg, args, (done) => {
    if (expected !== null) task.progress(Math.min(99, (100 * done) / expected), 'converting');
  });
  const { size } = await stat(task.outputPath).catch(() => ({ size: 0 }));
  if (size === 0 || seconds === 0) throw damagedMedia(log);
  if (expected !== null && seconds < expected * wholeShare - 1) {
    const message = `The file is damaged: ${Math.round(seconds)} of ${Math.round(expected)} seconds can be played.`;
    throw new EngineError('document_invalid', message, log);
  }
  task.progress(100, 'converting');
  return { format: to, warnings: warningsOf(log) };
}

function checkStreams(file: MediaFile, to: MediaTarget): void {
  if (isAudio(to) && file.channels === 0) {
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

/** How long the result will be; null where the file does not say. */
function expectedSeconds({ seconds }: MediaFile, options: MediaOptions): number | null {
  const { start, duration } = options;
  if (seconds !== null && start >= seconds) {
    const message = `options.start: the file lasts ${seconds.toFixed(1)} seconds.`;
    throw new EngineError('invalid_request', message);
  }
  const rest = seconds === null ? null : seconds - start;
  const expected = rest === null ? null : Math.min(rest, duration ?? rest);
  if (expected !== null) checkSeconds(expected);
  return expected;
}

const troubles =
  /invalid data|corrupt|error while decoding|partial file|prematurely|header missing/iu;

function warningsOf(log: string): Warning[] {
  if (!troubles.test(log)) return [];
  const detail = 'Parts of the file cannot be played; the result has gaps or is shorter.';
  return [{ code: 'damaged_parts', detail }];
}
