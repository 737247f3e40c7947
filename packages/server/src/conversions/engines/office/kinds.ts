import type { Format } from '../engine.ts';

/** What LibreOffice reads here. */
export type OfficeFormat = Extract<
  Format,
  | ('docx' | 'doc' | 'odt' | 'rtf')
  | ('pptx' | 'ppt' | 'odp')
  | ('xlsx' | 'xlsm' | 'xlsb' | 'xls' | 'ods')
>;

export interface OfficeKind {
  readonly program: 'writer' | 'impress' | 'calc';
  readonly container: 'ooxml' | 'odf' | 'rtf' | 'office97';
  /** LibreOffice's name of the filter that reads it; else it guesses from the content. */
  readonly filter: string;
}

const kind = (
  program: OfficeKind['program'],
  container: OfficeKind['container'],
  filter: string,
): OfficeKind => ({ program, container, filter });

export const officeKinds: Readonly<Record<OfficeFormat, OfficeKind>> = {
  docx: kind('writer', 'ooxml', 'MS Word 2007 XML'),
  doc: kind('writer', 'office97', 'MS Word 97'),
  odt: kind('writer', 'odf', 'writer8'),
  rtf: kind('writer', 'rtf', 'Rich Text Format'),
  pptx: kind('impress', 'ooxml', 'Impress MS PowerPoint 2007 XML'),
  ppt: kind('impress', 'office97', 'MS PowerPoint 97'),
  odp: kind('impress', 'odf', 'impress8'),
  xlsx: kind('calc', 'ooxml', 'Calc MS Excel 2007 XML'),
  xlsm: kind('calc', 'ooxml', 'Calc MS Excel 2007 VBA XML'),
  xlsb: kind('calc', 'ooxml', 'Calc MS Excel 2007 Binary'),
  xls: kind('calc', 'office97', 'MS Excel 97'),
  ods: kind('calc', 'odf', 'calc8'),
};

export const officeFormats = Object.keys(officeKinds) as readonly OfficeFormat[];

/** @throws Error for a format that is offered by no pair */
export function officeFormat(format: Format): OfficeFormat {
  const found = officeFormats.find((name) => name === format);
  if (found === undefined) throw new Error(`LibreOffice is not asked to read ${format}`);
  return found;
}
