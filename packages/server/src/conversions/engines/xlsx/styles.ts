import type { Archive } from './archive.ts';
import { builtinFormats } from './format/builtin-formats.ts';
import { readElements } from './xml-part.ts';

/**
 * The number format code of each cell style, by the index that cells carry (`s`).
 *
 * Without a styles part every cell is `General`.
 */
export async function readStyleFormats(
  archive: Archive,
  part: string | undefined,
): Promise<readonly string[]> {
  if (part === undefined) return [];
  const custom = new Map<number, string>();
  const numberFormatIds: number[] = [];
  let inCellFormats = false;
  await readElements(archive, part, (element, attribute) => {
    if (element === 'cellXfs') inCellFormats = true;
    else if (element === 'cellStyles' || element === 'cellStyleXfs') inCellFormats = false;
    else if (element === 'dxfs') inCellFormats = false;
    else if (element === 'xf' && inCellFormats) {
      numberFormatIds.push(Number(attribute('numFmtId') ?? 0));
    } else if (element === 'numFmt') {
      const id = Number(attribute('numFmtId'));
      // Formats inside `dxfs` come later and must not win.
      if (!custom.has(id)) custom.set(id, attribute('formatCode') ?? 'General');
    }
  });
  return numberFormatIds.map((id) => custom.get(id) ?? builtinFormats[id] ?? 'General');
}
