/** Gives every column a name of its own, numbering repeated ones: `name`, `name_2`, … */
export class UniqueNames {
  readonly #header: ReadonlySet<string>;
  readonly #used = new Set<string>();
  readonly #nextNumber = new Map<string, number>();

  constructor(header: readonly string[]) {
    this.#header = new Set(header);
  }

  /** `own`: the name stands in the header itself, so its first use keeps it. */
  claim(wanted: string, own: boolean): string {
    let name = wanted;
    let number = this.#nextNumber.get(wanted) ?? 2;
    if (this.#used.has(name) || (!own && this.#header.has(name))) {
      do {
        name = `${wanted}_${number}`;
        number += 1;
      } while (this.#used.has(name) || this.#header.has(name));
      this.#nextNumber.set(wanted, number);
    }
    this.#used.add(name);
    return name;
  }
}
