const slotBytes = 32;
const slots = 16_384;
const daysMax = 2 ** 22;

/** Of each slot: the text's length, then its bytes; and whose it is. */
const texts = new Uint8Array(slots * slotBytes);
const owners = new Float64Array(slots).fill(-1);
let sections = 0;

/**
 * The texts of the days that a format has shown lately: a column holds the same ones again and
 * again, and a date in parts is most of the work. All formats share the room, so that a workbook
 * of many styles takes no more of it.
 */
export class DateHeads {
  readonly #section = ++sections;

  /** Writes a day's text and gives the position after it; -1 where it is not known. */
  write(day: number, target: Uint8Array, at: number): number {
    const slot = this.#slotOf(day);
    if (owners[slot] !== this.#section * daysMax + day) return -1;
    const start = slot * slotBytes + 1;
    const length = texts[start - 1] as number;
    for (let index = 0; index < length; index += 1) {
      target[at + index] = texts[start + index] as number;
    }
    return at + length;
  }

  /** Keeps what was written for a day, if it is short. */
  remember(day: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start >= slotBytes) return;
    const slot = this.#slotOf(day);
    owners[slot] = this.#section * daysMax + day;
    texts[slot * slotBytes] = end - start;
    texts.set(bytes.subarray(start, end), slot * slotBytes + 1);
  }

  /** Days that lie near each other have slots of their own. */
  #slotOf(day: number): number {
    return (day + this.#section * 7919) & (slots - 1);
  }
}
