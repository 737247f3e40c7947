const zero = 0x30;

/**
 * Writes a whole number below 2^31 in exactly `width` digits, padded with zeros, and gives the
 * position after it.
 */
export function writeDigits(target: Buffer, at: number, value: number, width: number): number {
  let rest = value;
  for (let index = at + width - 1; index >= at; index -= 1) {
    const quotient = (rest / 10) | 0;
    target[index] = zero + rest - quotient * 10;
    rest = quotient;
  }
  return at + width;
}

/** Digits of a whole number below 2^31; none for 0. */
export function digitCount(value: number): number {
  if (value < 1000) return value < 10 ? Number(value > 0) : value < 100 ? 2 : 3;
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : value < 1_000_000_000 ? 9 : 10;
}
