/** What a column becomes in Parquet. */
export type ColumnType =
  | { readonly kind: 'text' | 'boolean' | 'integer' | 'double' | 'date' | 'timestamp' | 'instant' }
  | { readonly kind: 'decimal'; readonly precision: 18 | 38; readonly scale: number };

export const textType: ColumnType = { kind: 'text' };

type Kind = 'boolean' | 'number' | 'date' | 'timestamp' | 'instant' | 'text';

const numberParts = /^-?(0|[1-9]\d*)(?:\.(\d+))?([eE][+-]?\d+)?$/u;
const datePattern = /^\d{4}-\d\d-\d\d$/u;
const timePattern = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(Z?)$/u;

/** A decimal of the narrow kind takes eight bytes; a wider one sixteen. */
const narrowDigitsMax = 18;
const wideDigitsMax = 38;
/** More places than money and measures have: then it is a measured number, not a written one. */
const decimalPlacesUsual = 6;
const doubleDigitsSafe = 15;

/**
 * Gathers what the values of one column have in common, and answers the narrowest type that writes
 * every one of them back: 007 and 1e999 are text, a number of 30 digits is a decimal.
 */
export class ColumnShape {
  #kind: Kind | null = null;
  #integerDigits = 0;
  #scale = 0;
  #hasExponent = false;
  #fitsDouble = true;

  /** A field of a CSV: its text is all that is known. */
  addField(text: string): void {
    if (this.#kind === 'text') return;
    const found = kindOf(text);
    if (found === 'number') this.addNumber(text);
    else this.#note(found);
  }

  /** A number of JSON. */
  addNumber(text: string): void {
    const parts = numberParts.exec(text);
    if (parts === null || text === '-0') return this.#note('text');
    const [, integer = '', fraction = '', exponent] = parts;
    this.#note('number');
    this.#integerDigits = Math.max(this.#integerDigits, integer.length);
    this.#scale = Math.max(this.#scale, fraction.length);
    this.#hasExponent ||= exponent !== undefined;
    const value = Number(text);
    const isSafe = integer.length + fraction.length <= doubleDigitsSafe;
    this.#fitsDouble &&= Number.isFinite(value) && (isSafe || String(value) === text);
  }

  addText(): void {
    this.#note('text');
  }

  addBoolean(): void {
    this.#note('boolean');
  }

  type(): ColumnType {
    if (this.#kind === null) return textType;
    return this.#kind === 'number' ? this.#numberType() : { kind: this.#kind };
  }

  #note(kind: Kind): void {
    this.#kind = this.#kind === null || this.#kind === kind ? kind : 'text';
  }

  #numberType(): ColumnType {
    const digits = this.#integerDigits + this.#scale;
    if (this.#hasExponent) return this.#fitsDouble ? { kind: 'double' } : textType;
    if (this.#scale === 0 && digits <= narrowDigitsMax) return { kind: 'integer' };
    const isUsual = digits <= narrowDigitsMax && this.#scale <= decimalPlacesUsual;
    if (isUsual) return { kind: 'decimal', precision: narrowDigitsMax, scale: this.#scale };
    if (this.#scale > 0 && this.#fitsDouble) return { kind: 'double' };
    if (digits > wideDigitsMax) return textType;
    return { kind: 'decimal', precision: wideDigitsMax, scale: this.#scale };
  }
}

function kindOf(text: string): Kind {
  const first = text.charCodeAt(0);
  const isDigit = first >= 0x30 && first <= 0x39;
  if (isDigit || first === 0x2d) {
    if (numberParts.test(text)) return 'number';
    if (datePattern.test(text)) return 'date';
    const time = timePattern.exec(text);
    if (time) return time[1] === 'Z' ? 'instant' : 'timestamp';
    return 'text';
  }
  return /^(?:true|false)$/iu.test(text) ? 'boolean' : 'text';
}
