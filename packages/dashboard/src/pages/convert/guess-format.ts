import type { Format } from '@mutate/sdk';

/** First bytes, for files whose name says nothing. The server looks at the content in any case. */
const signatures: readonly (readonly [string, readonly number[]])[] = [
  ['pdf', [0x25, 0x50, 0x44, 0x46]],
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['gif', [0x47, 0x49, 0x46, 0x38]],
  ['tiff', [0x49, 0x49, 0x2a, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2a]],
  ['flac', [0x66, 0x4c, 0x61, 0x43]],
  ['parquet', [0x50, 0x41, 0x52, 0x31]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
];

/** What a file seems to be: by its name, else by its first bytes. Null: not known. */
export async function guessFormat(file: File, formats: readonly Format[]): Promise<string | null> {
  const named = formatOfName(file.name, formats);
  if (named !== null) return named;
  const bytes = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const found = signatures.find(([, start]) => start.every((byte, at) => bytes[at] === byte));
  return found?.[0] ?? null;
}

/** By the name's ending alone; null: it says nothing. */
export function formatOfName(name: string, formats: readonly Format[]): string | null {
  if (!name.includes('.')) return null;
  const extension = name.toLowerCase().split('.').at(-1) ?? '';
  return formats.find(({ source }) => source.extensions.includes(extension))?.from ?? null;
}

/** Everything that something can be made of: for a file of which nothing is known yet. */
export function allTargets(formats: readonly Format[]): Format[] {
  const byTarget = new Map(
    formats.filter(({ available }) => available).map((format) => [format.to, format]),
  );
  return [...byTarget.values()].toSorted(byTitle);
}

function byTitle(a: Format, b: Format): number {
  return a.target.title.localeCompare(b.target.title);
}

/** The conversions offered for a format, by the target's title. */
export function targetsOf(formats: readonly Format[], from: string): Format[] {
  return formats.filter((format) => format.from === from && format.available).toSorted(byTitle);
}
