/** Names that Windows keeps for devices, with any extension. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * Names that may be written into any folder: no path, nothing that a system refuses, and no two that
 * differ by case alone, nor one of those that are taken (in lower case).
 */
export function uniqueNames(names: readonly string[], takenNames: readonly string[]): string[] {
  const taken = new Set(takenNames);
  return names.map((name) => {
    const safe = name
      .replaceAll(/[\p{Cc}\p{Cs}<>:"/\\|?*]/gu, '_')
      .replace(/^\.+/, '_')
      .replace(/[. ]+$/, '')
      .replace(reserved, '_$&');
    const dot = safe.lastIndexOf('.');
    const [stem, extension] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ''];
    let unique = safe === '' ? 'output' : fitting(stem, extension);
    for (let count = 2; taken.has(unique.toLowerCase()); count++) {
      unique = fitting(stem, ` (${count})${extension}`);
    }
    taken.add(unique.toLowerCase());
    return unique;
  });
}

/** What file systems take for one name, in bytes. */
const nameBytesMax = 255;

function fitting(stem: string, rest: string): string {
  const room = Math.max(0, nameBytesMax - Buffer.byteLength(rest));
  if (Buffer.byteLength(stem) <= room) return `${stem}${rest}`;
  const cut = Buffer.from(stem)
    .subarray(0, room)
    .toString()
    .replace(/\ufffd+$/u, '');
  return `${cut}${rest}`;
}
