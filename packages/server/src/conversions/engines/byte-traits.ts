/**
 * What a text holds that some output has to quote or escape, as bits: found once for a text that
 * many cells share, so that it can be copied as it is each time.
 */
export const trait = {
  quote: 1,
  lineBreak: 2,
  comma: 4,
  semicolon: 8,
  tab: 16,
  /** What JSON escapes besides the above: a backslash and control characters. */
  escape: 32,
} as const;

export const traitBits = 6;

/** The bits of each byte. */
const traits = new Uint8Array(256).fill(trait.escape, 0, 0x20);
traits[0x5c] = trait.escape;
traits[0x22] = trait.quote;
traits[0x0a] = trait.lineBreak;
traits[0x0d] = trait.lineBreak;
traits[0x09] = trait.tab;
traits[0x2c] = trait.comma;
traits[0x3b] = trait.semicolon;

/** What JSON cannot take as it is. */
export const jsonTraits = trait.quote | trait.lineBreak | trait.tab | trait.escape;

export function traitsOf(bytes: Uint8Array, start: number, end: number): number {
  let found = 0;
  for (let at = start; at < end; at += 1) found |= traits[bytes[at] as number] as number;
  return found;
}

/** What forces quotes in CSV; undefined for a delimiter that has no bit. */
export function csvTraits(delimiter: number): number | undefined {
  const bit = traits[delimiter] as number;
  if (bit === 0 || bit === trait.escape) return undefined;
  return bit | trait.quote | trait.lineBreak;
}
