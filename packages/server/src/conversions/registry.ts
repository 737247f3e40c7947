import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Engine, Format, Pair } from './engines/engine.ts';
import { formats, parseFormat } from './formats.ts';

/** A conversion that is offered: the engine chosen for it and the pair it declared. */
export interface Offer {
  readonly engine: Engine;
  readonly pair: Pair;
}

/** One entry of `GET /v1/formats`. */
export type FormatEntry = {
  readonly type: string;
  readonly from: Format;
  readonly to: Format;
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

  /** The formats that `from` can be converted into, in the order of declaration. */
  targetsOf(from: Format): Format[] {
    return [...this.#offers.values()]
      .filter(({ pair }) => pair.from === from)
      .map(({ pair }) => pair.to);
  }

  /** Offered conversions with their options as JSON Schema, then what is missing and why. */
  list(): readonly FormatEntry[] {
    return this.#entries;
  }
}

/**
 * Probes each engine once and picks, for each pair, the first available one in the given order.
 * An engine whose probe throws counts as unavailable, with the error as the reason.
 */
export async function buildRegistry(engines: readonly Engine[]): Promise<Registry> {
  const probes = await Promise.all(engines.map(probeEngine));
  const offers = new Map<string, Offer>();
  const offered: FormatEntry[] = [];
  const missing: FormatEntry[] = [];
  for (const { engine, availability } of probes) {
    for (const pair of engine.pairs) {
      const { from, to } = pair;
      const entry = { type: conversionType(from, to), from, to, engine: engine.name };
      if (!availability.available) {
        missing.push({ ...entry, available: false, reason: availability.reason });
      } else if (!offers.has(entry.type)) {
        offers.set(entry.type, { engine, pair });
        offered.push({ ...entry, available: true, options: describeOptions(pair) });
      }
    }
  }
  return new Registry(offers, [...offered, ...missing]);
}

async function probeEngine(engine: Engine) {
  try {
    return { engine, availability: await engine.probe() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { engine, availability: { available: false as const, reason } };
  }
}

/** Seen from the caller: what has a default need not be given. */
function describeOptions(pair: Pair): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(pair.options, { io: 'input' });
  return schema;
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

/**
 * Checks a request's `options` against a pair's schema and fills in the defaults.
 *
 * @throws AppError `invalid_request` with `errors[{pointer, detail}]`; an unknown option is one.
 */
export function parseOptions(pair: Pair, json: unknown): Record<string, unknown> {
  const result = pair.options.safeParse(json ?? {});
  if (result.success) return result.data;
  const allowed = Object.keys(pair.options.shape).join(', ');
  const errors = result.error.issues.flatMap((issue) => describeIssue(issue, allowed));
  const first = errors[0];
  const detail = first ? `${first.pointer}: ${first.detail}` : 'The options are not valid.';
  throw new AppError('invalid_request', detail, { details: { errors } });
}

interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

function describeIssue(issue: z.core.$ZodIssue, allowed: string): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    const detail = allowed === '' ? 'No options are known.' : `Unknown option; known: ${allowed}.`;
    return issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), detail }));
  }
  return [{ pointer: pointerTo(issue.path), detail: issue.message }];
}

/** A JSON pointer (RFC 6901) into the request. */
function pointerTo(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
  return ['/options', ...steps].join('/');
}
