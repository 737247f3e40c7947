import type { Format } from '@mutate/sdk';

import { printable, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatTable } from '../format.ts';

/** `mutate formats`: the conversions that the server offers. */
export const formatsCommand: Command = {
  name: 'formats',
  summary: 'the conversions offered, and their options',
  help: `mutate formats [--json]

Lists every conversion that the server offers, with the names of its options.

  --json             the server's answer as JSON, with each option's schema

${connectionHelp}`,
  options: connectionOptions,
  run,
};

async function run({ io, flags, positionals }: Invocation): Promise<number> {
  if (positionals.length > 0) throw new UsageError('mutate formats takes no arguments.');
  const formats = await connect(flags, io.env).formats.list({ signal: io.signal });
  if (flags['json'] === true) {
    io.stdout.write(`${JSON.stringify(formats, null, 2)}\n`);
    return exitCodes.ok;
  }
  const rows = formats
    .toSorted((a, b) => (a.type < b.type ? -1 : 1))
    .map((format) => [format.from, format.to, format.engine, optionNames(format)].map(printable));
  io.stdout.write(formatTable([['FROM', 'TO', 'ENGINE', 'OPTIONS'], ...rows]));
  return exitCodes.ok;
}

function optionNames(format: Format): string {
  const properties = format.options['properties'];
  return typeof properties === 'object' && properties !== null
    ? Object.keys(properties).join(' ')
    : '';
}
