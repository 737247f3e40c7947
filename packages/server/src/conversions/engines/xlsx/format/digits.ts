const zero = 0x30;
/** `00` to `99`. */
const pairs = new Uint8Array(200);
for (let value = 0; value < 100; value += 1) {
  pairs[2 * value] = zero + ((value / 10) | 0);
  pairs[2 * value + 1] = zero + (value % 10);
}

/**
 * Writes a whole number below 2^31 in exactly `width` digits, padded with zeros, and gives the
 * position after it.
 */
export function writeDigits(target: Buffer, at: number, value: number, width: number): number {
  let rest = value;
  let index = at + width;
  // Two at a time: a division takes longer than all the rest.
  for (; index > at + 1; index -= 2) {
    const quotient = (rest / 100) | 0;
    const pair = 2 * (rest - quotient * 100);
    target[index - 2] = pairs[pair] as number;
    target[index - 1] = pairs[pair + 1] as number;
    rest = quotient;
  }
  if (index > at) target[at] = zero + (rest % 10);
  return at + width;
}

/** Digits of a whole number below 2^31; none for 0. */
export function digitCount(value: number): number {
  if (value < 1000) return value < 10 ? Number(value > 0) : value < 100 ? 2 : 3;
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : value < 1_000_000_000 ? 9 : 10;
}
