import type { Format, Mutate } from '@mutate/sdk';

import { printable, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatTable } from '../format.ts';
import { isNamed } from '../given-options.ts';
import { listOptions, propertiesOf } from '../option-schema.ts';

/** `mutate formats`: the conversions that the server offers. */
export const formatsCommand: Command = {
  name: 'formats',
  summary: 'the conversions offered, and their options',
  help: `mutate formats [TYPE | FROM TO] [--json]

Lists every conversion that the server offers, with the names of its options. With one of them named,
as in "mutate formats XLSX_TO_CSV" or "mutate formats xlsx csv": each of its options with what it may
be, its default and what it does. With FROM alone: what that format can be converted into.

  --json             the server's answer as JSON, with each option's schema

${connectionHelp}`,
  options: connectionOptions,
  run,
};

async function run({ io, flags, positionals }: Invocation): Promise<number> {
  if (positionals.length > 2) {
    throw new UsageError('mutate formats takes a type, or a source and a target.');
  }
  const client = connect(flags, io.env);
  const formats = await select(client, positionals, io.signal);
  if (flags['json'] === true) {
    io.stdout.write(`${JSON.stringify(formats, null, 2)}\n`);
    return exitCodes.ok;
  }
  const [only, ...others] = formats;
  const isOne = positionals.length > 0 && only !== undefined && others.length === 0;
  io.stdout.write(isOne ? describeFormat(only) : listFormats(formats));
  return exitCodes.ok;
}

async function select(
  client: Mutate,
  positionals: readonly string[],
  signal: AbortSignal,
): Promise<Format[]> {
  const formats = await client.formats.list({ signal });
  const [first, to] = positionals.map((name) => name.replace(/^\./, '').toLowerCase());
  if (first === undefined) return formats;
  const selected = formats.filter(
    (format) =>
      (to === undefined && format.type.toLowerCase() === first) ||
      (isNamed(format, 'source', first) && (to === undefined || isNamed(format, 'target', to))),
  );
  if (selected.length > 0) return selected;
  const named = positionals.join(' to ');
  throw new UsageError(`The server offers no conversion ${named}; see "mutate formats".`);
}

function listFormats(formats: readonly Format[]): string {
  const rows = formats
    .toSorted((a, b) => (a.type < b.type ? -1 : 1))
    .map((format) => [format.from, format.to, format.engine, optionNames(format)].map(printable));
  return formatTable([['FROM', 'TO', 'ENGINE', 'OPTIONS'], ...rows]);
}

function optionNames({ options }: Format): string {
  return Object.keys(propertiesOf(options)).join(' ');
}

function describeFormat(format: Format): string {
  const { source, target, via, engine } = format;
  const between = via.length === 0 ? '' : `, by way of ${via.join(', ')}`;
  const head = `${format.type}: ${source.title} to ${target.title}, by ${engine}${between}`;
  const options = listOptions(format.options).map(({ name, values, byDefault, description }) => {
    const otherwise = byDefault === '' ? '' : ` (default ${byDefault})`;
    const facts = `  ${name}: ${values.replaceAll('`', '')}${otherwise}`;
    return description === '' ? facts : `${facts}\n      ${description}`;
  });
  const none = 'It has no options.';
  const usage = `Give them as --option ${listOptions(format.options)[0]?.name ?? 'NAME'}=VALUE.`;
  const lines = options.length === 0 ? [head, none] : [head, '', ...options, '', usage];
  return `${lines.map((line) => line.split('\n').map(printable).join('\n')).join('\n')}\n`;
}
