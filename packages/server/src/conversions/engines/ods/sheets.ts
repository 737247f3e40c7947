import { EngineError } from '../engine.ts';
import type { Archive } from '../xlsx/archive.ts';
import type { SheetEntry } from '../xlsx/workbook.ts';
import { readPart } from '../xlsx/xml-part.ts';
import type { PartReading } from '../xlsx/xml-part.ts';

const sheetsMax = 10_000;

/**
 * The tables of a spreadsheet document, in order; `part` is the index. A sheet is hidden by its
 * style.
 *
 * @throws EngineError `document_invalid` where the document is no spreadsheet
 */
export async function listSheets(
  archive: Archive,
  part: string,
  reading: PartReading,
): Promise<SheetEntry[]> {
  const sheets: SheetEntry[] = [];
  const hiddenStyles = new Set<string>();
  let style = '';
  let depth = 0;
  let isSpreadsheet = false;
  await readPart(
    archive,
    part,
    {
      open(bytes, start, end, attributes) {
        const name = nameOf(bytes, start, end);
        if (name === 'spreadsheet') isSpreadsheet = true;
        else if (name === 'style') style = attributes.get(bytes, 'name') ?? '';
        else if (name === 'table-properties') {
          if (attributes.get(bytes, 'display') === 'false') hiddenStyles.add(style);
        } else if (name === 'table') {
          depth += 1;
          if (depth > 1) return;
          if (sheets.length === sheetsMax) throw tooMany();
          const isHidden = hiddenStyles.has(attributes.get(bytes, 'style-name') ?? '');
          sheets.push({
            name: attributes.get(bytes, 'name') ?? `Sheet${sheets.length + 1}`,
            visibility: isHidden ? 'hidden' : 'visible',
            part: String(sheets.length),
          });
        }
      },
      close(bytes, start, end) {
        if (nameOf(bytes, start, end) === 'table') depth -= 1;
      },
      text: () => undefined,
    },
    reading,
  );
  if (isSpreadsheet) return sheets;
  throw new EngineError('document_invalid', 'The file holds no OpenDocument spreadsheet.');
}

/** Only the names that matter here are made into strings: this runs for every cell. */
function nameOf(bytes: Buffer, start: number, end: number): string {
  const letter = bytes[start];
  if (letter !== 0x74 && letter !== 0x73) return '';
  if (letter === 0x74 && end - start !== 5 && end - start !== 16) return '';
  return bytes.toString('latin1', start, end);
}

function tooMany(): EngineError {
  return new EngineError('document_too_complex', `More than ${sheetsMax} sheets are not read.`);
}
