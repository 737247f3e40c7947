import { minorDigits } from '@mutate/sdk';

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** `1.4 MB`; 1 MB is 1,048,576 bytes, as in the plans' limits. */
export function formatSize(sizeBytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10));
  const value = sizeBytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `0.8 s`, `3 min 12 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Minor units as an amount of the currency: 1999 USD is `USD 19.99`, 2900 JPY is `JPY 2,900`. */
export function formatMoney(amountMinor: number, currency: string): string {
  const digits = minorDigits(currency);
  const amount = amountMinor / 10 ** digits;
  const text = amount.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${currency.toUpperCase()} ${text}`;
}

/** A bar `width` characters wide; `fraction` from 0 to 1, more is a full bar. */
export function formatBar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** Columns as wide as their widest cell, two spaces apart. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
