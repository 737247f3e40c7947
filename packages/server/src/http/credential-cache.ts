/** Credentials are looked up again after this long, so revoked ones work at most a second longer. */
const knownForMs = 900;
const unknownForMs = 300;
const entriesMax = 10_000;

interface Entry<Credentials> {
  readonly credentials: Credentials | null;
  /** Monotonic. */
  readonly staleAtMs: number;
}

/**
 * What credentials mean, by their hash, for less than a second: they cost one read a second, whatever
 * the traffic, and a burst shares that read.
 */
export class CredentialCache<Credentials> {
  readonly #lookUp: (hash: string) => Promise<Credentials | null>;
  /** Two maps, so that a flood of wrong credentials cannot push the right ones out. */
  readonly #known = new Map<string, Entry<Credentials>>();
  readonly #unknown = new Map<string, Entry<Credentials>>();
  readonly #reading = new Map<string, Promise<Credentials | null>>();

  /** @param lookUp null: there are no such credentials */
  constructor(lookUp: (hash: string) => Promise<Credentials | null>) {
    this.#lookUp = lookUp;
  }

  /** Undefined: not known, or too long ago. */
  find(hash: string): Credentials | null | undefined {
    const entry = this.#known.get(hash) ?? this.#unknown.get(hash);
    return entry !== undefined && performance.now() < entry.staleAtMs
      ? entry.credentials
      : undefined;
  }

  read(hash: string): Promise<Credentials | null> {
    const underWay = this.#reading.get(hash);
    if (underWay !== undefined) return underWay;
    const reading = this.#readAnew(hash).finally(() => this.#reading.delete(hash));
    this.#reading.set(hash, reading);
    return reading;
  }

  async #readAnew(hash: string): Promise<Credentials | null> {
    // From the start of the read on: a revocation that comes during it is seen in time, too.
    const startedMs = performance.now();
    const credentials = await this.#lookUp(hash);
    this.#known.delete(hash);
    this.#unknown.delete(hash);
    if (credentials === null) {
      keep(this.#unknown, hash, { credentials, staleAtMs: startedMs + unknownForMs });
    } else {
      keep(this.#known, hash, { credentials, staleAtMs: startedMs + knownForMs });
    }
    return credentials;
  }
}

/** The oldest entries make room: insertion order is the order of reading. */
function keep<Value>(entries: Map<string, Value>, hash: string, entry: Value): void {
  if (entries.size >= entriesMax) {
    const oldest = entries.keys().next();
    if (oldest.done !== true) entries.delete(oldest.value);
  }
  entries.set(hash, entry);
}
