import type { Format, Mutate } from '@mutate/sdk';

import { UsageError, type Flags } from './command.ts';
import { allows, describeValues, propertiesOf } from './option-schema.ts';

/** One `--option KEY=VALUE`, as typed. */
export interface GivenOption {
  readonly name: string;
  readonly text: string;
}

/** The `--option` flags. @throws UsageError */
export function readGivenOptions(entries: Flags[string]): GivenOption[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry) => {
    const given = String(entry);
    const equals = given.indexOf('=');
    if (equals < 1) throw new UsageError(`--option takes KEY=VALUE; got "${given}".`);
    return { name: given.slice(0, equals), text: given.slice(equals + 1) };
  });
}

/**
 * The options as they are sent. Where the server offers the conversion, each is checked against its
 * schema before anything is uploaded; a text that is no JSON, or may only be a text, is sent as text.
 *
 * @param sources what the inputs are, as far as their names or `--from` tell
 * @throws UsageError that says what the option may be
 */
export async function resolveOptions(
  client: Mutate,
  given: readonly GivenOption[],
  { sources, to, signal }: { sources: readonly string[]; to: string; signal: AbortSignal },
): Promise<Record<string, unknown> | undefined> {
  if (given.length === 0) return undefined;
  const formats = await client.formats.list({ signal });
  const offers = formats.filter(
    (format) =>
      isNamed(format, 'target', to) && sources.some((name) => isNamed(format, 'source', name)),
  );
  const values = given.map(({ name, text }) => [name, valueOf(text, name, offers)] as const);
  for (const offer of offers) for (const [name, value] of values) check(offer, name, value);
  return Object.fromEntries(values);
}

/** Whether a name stands for an offer's source or target: its short name, or an extension. */
export function isNamed(format: Format, side: 'source' | 'target', name: string): boolean {
  const short = side === 'source' ? format.from : format.to;
  return short === name || (format[side]?.extensions ?? []).includes(name);
}

function valueOf(text: string, name: string, offers: readonly Format[]): unknown {
  const value = parse(text);
  const isRefused = offers.some((offer) => {
    const schema = propertiesOf(offer.options)[name];
    return schema !== undefined && !allows(schema, value) && allows(schema, text);
  });
  return isRefused ? text : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function check(offer: Format, name: string, value: unknown): void {
  const properties = propertiesOf(offer.options);
  const schema = properties[name];
  if (schema === undefined) {
    const known = Object.keys(properties).join(', ') || 'none';
    throw new UsageError(`${offer.type} has no option "${name}"; there are: ${known}.`);
  }
  if (allows(schema, value)) return;
  const words = describeValues(schema).replaceAll('`', '');
  throw new UsageError(`The option "${name}" of ${offer.type} must be ${words}.`);
}
