import { posix } from 'node:path';

import { EngineError } from '../engine.ts';
import type { Archive } from './archive.ts';
import { readElements } from './xml-part.ts';

export interface SheetEntry {
  readonly name: string;
  /** `very_hidden` can only be shown by a macro. */
  readonly visibility: 'visible' | 'hidden' | 'very_hidden';
  /** Part name; undefined for what has no cells (charts, dialogs, Excel 4 macros). */
  readonly part: string | undefined;
}

export interface Workbook {
  /** In the order of the tabs. */
  readonly sheets: readonly SheetEntry[];
  /** Dates count from 1904-01-01 instead of 1900-01-01. */
  readonly date1904: boolean;
  readonly stylesPart: string | undefined;
  readonly sharedStringsPart: string | undefined;
}

interface Relationship {
  /** Last segment of the type's URL: the same for transitional and strict files. */
  readonly kind: string;
  readonly target: string;
}

const sheetsMax = 10_000;

/**
 * Finds the sheets of a workbook.
 *
 * @throws EngineError `document_invalid` when the package holds no workbook in XML.
 */
export async function readWorkbook(archive: Archive): Promise<Workbook> {
  const part = await findWorkbookPart(archive);
  const relationships = await readRelationships(archive, part);
  const sheets: SheetEntry[] = [];
  let date1904 = false;
  await readElements(archive, part, (element, attribute) => {
    if (element === 'workbookPr') date1904 = isTrue(attribute('date1904'));
    if (element !== 'sheet') return;
    if (sheets.length === sheetsMax) {
      throw new EngineError('document_too_complex', `More than ${sheetsMax} sheets are not read.`);
    }
    const relationship = relationships.get(attribute('id') ?? '');
    sheets.push({
      name: attribute('name') ?? `Sheet${sheets.length + 1}`,
      visibility: visibilityOf(attribute('state')),
      part: relationship?.kind === 'worksheet' ? relationship.target : undefined,
    });
  });
  const partOfKind = (kind: string) =>
    [...relationships.values()].find((one) => one.kind === kind && archive.has(one.target))?.target;
  return {
    sheets,
    date1904,
    stylesPart: partOfKind('styles'),
    sharedStringsPart: partOfKind('sharedStrings'),
  };
}

async function findWorkbookPart(archive: Archive): Promise<string> {
  if (archive.has('_rels/.rels')) {
    for (const { kind, target } of (await readRelationships(archive, '')).values()) {
      if (kind !== 'officeDocument') continue;
      if (/\.bin$/i.test(target)) throw notXlsx('it is a binary workbook (XLSB)');
      if (archive.has(target) && /^\/?(?:xl|[^/]*$)/i.test(target)) return target;
    }
  }
  if (archive.has('xl/workbook.xml')) return 'xl/workbook.xml';
  throw notXlsx('it holds no workbook');
}

async function readRelationships(
  archive: Archive,
  part: string,
): Promise<ReadonlyMap<string, Relationship>> {
  const folder = posix.dirname(part);
  const name = posix.join(folder, '_rels', `${posix.basename(part)}.rels`);
  const relationships = new Map<string, Relationship>();
  if (!archive.has(name)) return relationships;
  await readElements(archive, name, (element, attribute) => {
    const id = attribute('Id');
    const target = attribute('Target')?.replaceAll('\\', '/');
    if (element !== 'Relationship' || id === undefined || target === undefined) return;
    if (attribute('TargetMode') === 'External') return;
    relationships.set(id, {
      kind: posix.basename(attribute('Type') ?? ''),
      target: posix.join(target.startsWith('/') ? '/' : folder, target),
    });
  });
  return relationships;
}

function visibilityOf(state: string | undefined): SheetEntry['visibility'] {
  if (state === 'hidden') return 'hidden';
  return state === 'veryHidden' ? 'very_hidden' : 'visible';
}

/** `xsd:boolean`, and `on`, which old writers use. */
function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true' || value === 'on';
}

function notXlsx(reason: string): EngineError {
  return new EngineError(
    'document_invalid',
    `The file is not an XLSX or XLSM workbook: ${reason}.`,
  );
}
