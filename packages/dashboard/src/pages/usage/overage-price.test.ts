import { expect, test } from 'vitest';
import { overagePriceInWords } from './overage-price.ts';

const plain = { unit_amount: '0.02', unit_amounts_by_type: null, tiers: null, currency: 'usd' };

test('the price past the limit is told as the server decides it', () => {
  expect(overagePriceInWords(plain)).toBe('$0.02 each');
  expect(overagePriceInWords({ ...plain, unit_amount: null })).toBeNull();
});

test('tiers are told with where each ends', () => {
  const tiers = [
    { up_to: 1000, amount: '0.02' },
    { up_to: null, amount: '0.005' },
  ];
  expect(overagePriceInWords({ ...plain, unit_amount: '0.005', tiers })).toBe(
    '$0.02 each up to number 1,000 past the limit, $0.005 each after that',
  );
});

test('types with a price of their own are named, many of them counted', () => {
  const two = { PDF_TO_DOCX: '0.05', XLSX_TO_PDF: '0.04' };
  expect(overagePriceInWords({ ...plain, unit_amounts_by_type: two })).toBe(
    '$0.02 each; PDF_TO_DOCX $0.05, XLSX_TO_PDF $0.04',
  );
  const many = { A_TO_B: '0.1', A_TO_C: '0.05', A_TO_D: '0.2', A_TO_E: '0.10' };
  expect(overagePriceInWords({ ...plain, unit_amounts_by_type: many })).toBe(
    '$0.02 each; 4 types have their own price, $0.05 to $0.20',
  );
});
