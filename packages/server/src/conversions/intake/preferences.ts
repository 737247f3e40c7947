import { formats } from '../registry/formats.ts';
import type { Format } from '../engines/engine.ts';

/** How a caller wants to be answered. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** `Prefer: wait=N` (RFC 7240): after that many seconds 202 instead of the result. */
  readonly waitSeconds: number | null;
  /** The output's bytes instead of the job, where it is there in time. */
  wantsFile(target: Format): boolean;
}

const waitSecondsMax = 300;

/** Reads `Prefer`, `Accept` and `?response=file`. What is not understood is no preference. */
export function parsePreferences(
  prefer: string | string[] | undefined,
  accept: string | undefined,
  response: 'job' | 'file' | undefined,
): Preferences {
  const preferences = [prefer ?? []]
    .flat()
    .join(',')
    .split(/[,;]/)
    .map((part) => part.trim());
  const wait = preferences
    .map((part) => /^wait\s*=\s*"?(\d{1,6})"?$/i.exec(part)?.[1])
    .find((seconds) => seconds !== undefined);
  const accepted = (accept ?? '').split(',').map((part) => part.split(';')[0]?.trim() ?? '');
  return {
    respondAsync: preferences.some((part) => part.toLowerCase() === 'respond-async'),
    waitSeconds: wait === undefined ? null : Math.min(Number(wait), waitSecondsMax),
    wantsFile: (target) =>
      response === 'file' ||
      // JSON is how the job itself comes: a JSON output is asked for by name.
      (response === undefined && target !== 'json' && accepted.includes(formats[target].mediaType)),
  };
}
