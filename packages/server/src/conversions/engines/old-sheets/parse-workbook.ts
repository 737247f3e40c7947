import * as XLSX from '@e965/xlsx';
import * as codePages from '@e965/xlsx/dist/cpexcel.full.mjs';

import { EngineError } from '../engine.ts';

// Workbooks of Excel 95 and before are not in Unicode.
XLSX.set_cptable(codePages);

/**
 * Parses a whole workbook: numbers as they are stored, with their formats.
 *
 * @throws EngineError `document_encrypted`, `document_invalid`
 */
export function parseWorkbook(bytes: Buffer): XLSX.WorkBook {
  try {
    return XLSX.read(bytes, {
      type: 'buffer',
      dense: true,
      // The stored number and its format: dates as objects would depend on the time zone.
      cellDates: false,
      cellNF: true,
      cellText: false,
      cellFormula: false,
      cellHTML: false,
      sheetStubs: true,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // What says that memory ran out is told as such by the process.
    if (/memory|invalid (?:string|array)/iu.test(reason)) throw error;
    if (/password|encrypt/iu.test(reason)) {
      throw new EngineError(
        'document_encrypted',
        'The workbook is password-protected; remove the password and try again.',
        error,
      );
    }
    throw new EngineError('document_invalid', 'The workbook is damaged.', error);
  }
}
