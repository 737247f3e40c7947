const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"/\\|?*]/gu;
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;
const lengthMax = 100;

/**
 * File names for sheets, in the same order: safe on every system, without paths, and different
 * from each other even where case does not count.
 */
export function fileNamesOf(sheetNames: readonly string[], extension: string): readonly string[] {
  const taken = new Set<string>();
  return sheetNames.map((sheetName, index) => {
    const base = safeName(sheetName) || `Sheet${index + 1}`;
    let name = base;
    for (let copy = 2; taken.has(name.toLowerCase()); copy += 1) name = `${base} (${copy})`;
    taken.add(name.toLowerCase());
    return `${name}.${extension}`;
  });
}

function safeName(sheetName: string): string {
  const name = sheetName
    .replaceAll(unsafe, '_')
    .slice(0, lengthMax)
    .toWellFormed()
    .replace(/^[.\s]+|[.\s]+$/g, '');
  return reserved.test(name) ? `_${name}` : name;
}
