import type { PDFiumDocument, PDFiumPage } from '@hyzyla/pdfium';
import { PdfiumCalls } from './pdfium-calls.ts';

/** Where something stands on a page, in points from its lower left corner. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** What somebody filled in: a field of a form, or text written onto the page. */
export interface FilledIn extends Box {
  readonly text: string;
}

const freeText = 3;
const widget = 20;
/** Bits of an annotation: not shown at all, or not on the screen. */
const hiddenFlags = 2 + 32;
const passwordFlag = 1 << 13;
const field = { checkBox: 2, radioButton: 3, comboBox: 4, listBox: 5, textField: 6 } as const;

const annotationsMax = 10_000;
const optionsMax = 1000;

/** The values of a page's form fields, as shown, and what was written onto it. */
export function filledInOn(pdf: PDFiumDocument, page: PDFiumPage): FilledIn[] {
  const pdfium = new PdfiumCalls(page);
  const count = pdfium.call('FPDFPage_GetAnnotCount', pdfium.page);
  if (count <= 0) return [];
  const form = pdf.initializeFormFields();
  pdfium.call('FORM_OnAfterLoadPage', pdfium.page, form);
  const found: FilledIn[] = [];
  for (let index = 0; index < Math.min(count, annotationsMax); index += 1) {
    const annotation = pdfium.call('FPDFPage_GetAnnot', pdfium.page, index);
    if (annotation === 0) continue;
    const isHidden = (pdfium.call('FPDFAnnot_GetFlags', annotation) & hiddenFlags) !== 0;
    const text = isHidden ? '' : textOf(pdfium, form, annotation).trim();
    if (text !== '') found.push({ ...boxOf(pdfium, annotation), text });
    pdfium.call('FPDFPage_CloseAnnot', annotation);
  }
  pdfium.call('FORM_OnBeforeClosePage', pdfium.page, form);
  return found;
}

function textOf(pdfium: PdfiumCalls, form: number, annotation: number): string {
  const subtype = pdfium.call('FPDFAnnot_GetSubtype', annotation);
  if (subtype === freeText) {
    return pdfium.withName('Contents', (key) =>
      pdfium.text((pointer, bytes) =>
        pdfium.call('FPDFAnnot_GetStringValue', annotation, key, pointer, bytes),
      ),
    );
  }
  if (subtype !== widget) return '';
  const isChecked = () => pdfium.call('FPDFAnnot_IsChecked', form, annotation) !== 0;
  switch (pdfium.call('FPDFAnnot_GetFormFieldType', form, annotation)) {
    case field.checkBox:
      return isChecked() ? '☑' : '☐';
    case field.radioButton:
      return isChecked() ? '◉' : '○';
    case field.comboBox:
    case field.listBox:
      return chosen(pdfium, form, annotation) || valueOf(pdfium, form, annotation);
    case field.textField: {
      const flags = pdfium.call('FPDFAnnot_GetFormFieldFlags', form, annotation);
      return (flags & passwordFlag) === 0 ? valueOf(pdfium, form, annotation) : '';
    }
    default:
      return '';
  }
}

function valueOf(pdfium: PdfiumCalls, form: number, annotation: number): string {
  return pdfium.text((pointer, bytes) =>
    pdfium.call('FPDFAnnot_GetFormFieldValue', form, annotation, pointer, bytes),
  );
}

/** As they are shown, which may be other words than those stored. */
function chosen(pdfium: PdfiumCalls, form: number, annotation: number): string {
  const count = pdfium.call('FPDFAnnot_GetOptionCount', form, annotation);
  const labels: string[] = [];
  for (let index = 0; index < Math.min(count, optionsMax); index += 1) {
    if (pdfium.call('FPDFAnnot_IsOptionSelected', form, annotation, index) === 0) continue;
    labels.push(
      pdfium.text((pointer, bytes) =>
        pdfium.call('FPDFAnnot_GetOptionLabel', form, annotation, index, pointer, bytes),
      ),
    );
  }
  return labels.join(', ');
}

function boxOf(pdfium: PdfiumCalls, annotation: number): Box {
  const { view } = pdfium.read(16, (pointer) =>
    pdfium.call('FPDFAnnot_GetRect', annotation, pointer),
  );
  const [left = 0, top = 0, right = 0, bottom = 0] = [0, 4, 8, 12].map((at) =>
    view.getFloat32(at, true),
  );
  return {
    left: Math.min(left, right),
    right: Math.max(left, right),
    bottom: Math.min(top, bottom),
    top: Math.max(top, bottom),
  };
}
