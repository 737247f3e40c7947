import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { EngineError } from '../engine.ts';
import type { InstalledProgram } from '../program-folder.ts';
import { checkSeconds, damagedMedia } from './media-file.ts';
import { secondsMax } from './options.ts';

const logCharactersMax = 16_000;

export interface FfmpegResult {
  /** How far the output reaches. */
  readonly seconds: number;
  /** Of the picture. */
  readonly frames: number;
  readonly log: string;
}

/**
 * Runs ffmpeg in this process's own group, so that it ends with it.
 *
 * @param onSeconds called with the length of the output so far
 * @throws EngineError
 */
export async function runFfmpeg(
  { path, environment: env }: InstalledProgram,
  args: readonly string[],
  onSeconds: (seconds: number) => void,
): Promise<FfmpegResult> {
  const child = spawn(path, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let log = '';
  let seconds = 0;
  let frames = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-logCharactersMax);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, count] = /^frame=(\d+)$/u.exec(line) ?? [];
    if (count !== undefined) frames = Number(count);
    const [, microseconds] = /^out_time_us=(\d+)$/u.exec(line) ?? [];
    if (microseconds === undefined) return;
    seconds = Number(microseconds) / 1e6;
    onSeconds(seconds);
    if (seconds > secondsMax) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  checkSeconds(seconds);
  if (code !== 0) throw explain(log, code ?? signal);
  return { seconds, frames, log };
}

function explain(log: string, end: number | string | null): EngineError {
  const cause = `ffmpeg ended with ${end ?? 'nothing'}: ${log}`;
  // The kernel's signal to whoever writes past the bound on a file.
  const tooLarge = end === 'SIGXFSZ';
  if (tooLarge || /cannot allocate memory|file too large|no space left/iu.test(log)) {
    const message = 'The conversion needs more memory or room than one may use.';
    return new EngineError('document_too_complex', message, cause);
  }
  if (
    /error (?:initializing output stream|while opening encoder)|encoder setup failed/iu.test(log)
  ) {
    const message =
      'The encoder does not take these options together: bitrate, sample_rate, channels, width, height, fps.';
    return new EngineError('invalid_request', message, cause);
  }
  return damagedMedia(cause);
}
