/** Directions and joins that reorder or hide what stands around them. */
const invisible = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;
const nameCharactersMax = 80;

/**
 * A name that somebody chose, as it may stand in a mail: on one line, with nothing that reorders the
 * text around it, that a mail program would turn into a link, or that pushes the rest out of sight.
 */
export function plainName(text: string): string {
  const plain = text
    .replaceAll(invisible, ' ')
    .replaceAll(/[a-z][a-z0-9+.-]*:\/\//gi, '')
    .replaceAll(/\bwww\./gi, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (plain.length <= nameCharactersMax) return plain;
  // Not in the middle of a pair of surrogates.
  return `${plain
    .slice(0, nameCharactersMax - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')}…`;
}
