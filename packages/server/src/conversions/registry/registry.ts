import { AppError } from '../../errors.ts';
import type { Chain } from './chains.ts';
import type { Engine, Format, Pair } from '../engines/engine.ts';
import { formats, parseFormat } from './formats.ts';
import { describeOptions } from './options.ts';

/** One engine's part of a conversion. */
export interface Step {
  readonly engine: Engine;
  readonly pair: Pair;
}

/** A conversion that is offered: one step, or the steps of a chain, of which each feeds the next. */
export interface Offer {
  readonly from: Format;
  readonly to: Format;
  readonly steps: readonly [Step, ...Step[]];
  /** What takes the files that are too large for the engine of the only step; its options are the same. */
  readonly large?: Offer & { readonly aboveBytes: number };
}

/** What is shown of a format beside its short name. */
interface FormatFacts {
  readonly title: string;
  readonly media_type: string;
  readonly extensions: string[];
}

/** One entry of `GET /v1/formats`; a chain names the engines of its steps with a `+`. */
export type FormatEntry = {
  readonly type: string;
  readonly from: Format;
  readonly to: Format;
  readonly source: FormatFacts;
  readonly target: FormatFacts;
  /** The formats between the steps of a chain. */
  readonly via: Format[];
  readonly engine: string;
} & (
  | { readonly available: true; readonly options: Record<string, unknown> }
  | { readonly available: false; readonly reason: string }
);

/** The name under which a conversion is counted and billed: `XLSX_TO_CSV`. */
export function conversionType(from: Format, to: Format): string {
  return `${from}_to_${to}`.toUpperCase();
}

/** What can be converted here, and by which engine; built once, at start. */
export class Registry {
  readonly #offers: ReadonlyMap<string, Offer>;
  readonly #entries: readonly FormatEntry[];

  constructor(offers: ReadonlyMap<string, Offer>, entries: readonly FormatEntry[]) {
    this.#offers = offers;
    this.#entries = entries;
  }

  find(from: Format, to: Format): Offer | null {
    return this.#offers.get(conversionType(from, to)) ?? null;
  }

  /** The engines for a file of that size. */
  findFor(from: Format, to: Format, sizeBytes: number): Offer | null {
    const offer = this.find(from, to);
    const { large } = offer ?? {};
    return large !== undefined && sizeBytes > large.aboveBytes ? large : offer;
  }

  /** The formats that `from` can be converted into, in the order of declaration. */
  targetsOf(from: Format): Format[] {
    return [...this.#offers.values()].filter((offer) => offer.from === from).map(({ to }) => to);
  }

  /** Offered conversions with their options as JSON Schema, then what is missing and why. */
  list(): readonly FormatEntry[] {
    return this.#entries;
  }
}

/**
 * Probes each engine once and picks, for each pair, the first available one in the given order.
 * An engine whose probe throws counts as unavailable, with the error as the reason. A chain is
 * offered where each of its steps is and no engine does it in one.
 */
export async function buildRegistry(
  engines: readonly Engine[],
  chains: readonly Chain[] = [],
  chainsForLarge: readonly Chain[] = [],
): Promise<Registry> {
  const probes = await Promise.all(engines.map(probeEngine));
  const offers = new Map<string, Offer>();
  const missing: FormatEntry[] = [];
  for (const { engine, availability } of probes) {
    for (const pair of engine.pairs) {
      const { from, to } = pair;
      const type = conversionType(from, to);
      if (!availability.available) {
        const { reason } = availability;
        missing.push({ ...factsOf(from, to), engine: engine.name, available: false, reason });
      } else if (!offers.has(type)) {
        offers.set(type, { from, to, steps: [{ engine, pair }] });
      }
    }
  }
  for (const { from, via, to } of chains) {
    const first = offers.get(conversionType(from, via));
    const last = offers.get(conversionType(via, to));
    const type = conversionType(from, to);
    if (!first || !last || offers.has(type)) continue;
    offers.set(type, { from, to, steps: [...first.steps, ...last.steps] });
  }
  for (const { from, via, to } of chainsForLarge) {
    const type = conversionType(from, to);
    const offer = offers.get(type);
    const aboveBytes = offer?.steps[0].engine.inputBytesMax;
    const first = offers.get(conversionType(from, via));
    const last = offers.get(conversionType(via, to));
    if (!offer || aboveBytes === undefined || !first || !last) continue;
    const steps = [...first.steps, ...last.steps] as const;
    offers.set(type, { ...offer, large: { from, to, steps, aboveBytes } });
  }
  return new Registry(offers, [...[...offers.values()].map(describeOffer), ...missing]);
}

function describeOffer(offer: Offer): FormatEntry {
  const { from, to, steps } = offer;
  return {
    ...factsOf(from, to),
    via: steps.slice(1).map(({ pair }) => pair.from),
    engine: steps.map(({ engine }) => engine.name).join('+'),
    available: true,
    options: describeOptions(offer),
  };
}

function factsOf(from: Format, to: Format) {
  const [source, target] = [describeFormat(from), describeFormat(to)];
  return { type: conversionType(from, to), from, to, source, target, via: [] };
}

function describeFormat(format: Format): FormatFacts {
  const { title, mediaType, extensions } = formats[format];
  return { title, media_type: mediaType, extensions: [...extensions] };
}

async function probeEngine(engine: Engine) {
  try {
    return { engine, availability: await engine.probe() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { engine, availability: { available: false as const, reason } };
  }
}

/**
 * Finds the engine for a source and the target that the request names.
 *
 * @throws AppError `unsupported_conversion`, with the targets that are offered for the source.
 */
export function resolveTarget(from: Format, to: string, registry: Registry): Offer {
  const target = parseFormat(to);
  const offer = target === null ? null : registry.find(from, target);
  if (offer !== null) return offer;
  const targets = registry.targetsOf(from);
  const offered =
    targets.length === 0
      ? 'it cannot be converted here.'
      : `"to" must be one of ${targets.join(', ')}.`;
  throw new AppError('unsupported_conversion', `The file is ${formats[from].title}: ${offered}`, {
    details: { supported_targets: targets },
  });
}
