import { errorFromJob, type Job, type Mutate } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { errorAsJson, explainError } from '../explain-error.ts';
import { formatDuration, formatSize, formatTable } from '../format.ts';
import { saveOutput } from '../output-file.ts';
import { resolveTarget, withExtensionOf } from '../output-target.ts';
import { ProgressLine } from '../progress-line.ts';

/** `mutate job`: a conversion's state, and its output. */
export const jobCommand: Command = {
  name: 'job',
  summary: 'a conversion: its state, its output',
  help: `mutate job ID [-o FILE] [--json]

Shows a conversion. With -o it waits until the conversion is done and downloads the output.

  -o, --output FILE  where to write the output: a file, a folder, or - for stdout
  --force            replace a file in that folder
  --json             the job as JSON

${connectionHelp}`,
  options: {
    ...connectionOptions,
    output: { type: 'string', short: 'o' },
    force: { type: 'boolean' },
  },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0) throw new UsageError('mutate job takes one job id.');
  const output = textFlag(flags, 'output');
  const isJson = flags['json'] === true;
  if (isJson && output === '-') throw new UsageError('--json and "-o -" both write to stdout.');
  const client = connect(flags, io.env);
  try {
    const found = await client.conversions.get(id, { signal: io.signal });
    const job = output === undefined ? found : await download(client, found, output, invocation);
    if (isJson) io.stdout.write(`${JSON.stringify(job, null, 2)}\n`);
    else if (output === undefined) io.stdout.write(describe(job));
    return exitCodes.ok;
  } catch (error) {
    if (isJson) io.stdout.write(errorAsJson(error, id));
    io.stderr.write(explainError(error, id));
    return exitCodeOf(error);
  }
}

async function download(
  client: Mutate,
  found: Job,
  output: string,
  { io, flags }: Invocation,
): Promise<Job> {
  const force = flags['force'] === true;
  // The server's name for the input is not trusted as a path, only as the stem of one.
  const input = `./${found.input.filename.replaceAll(/[/\\]/g, '_')}`;
  const target = await resolveTarget({ input, output, to: found.to, force });
  const line = new ProgressLine(io.stderr, found.id);
  const onJob = (job: Job): void => line.show({ kind: 'conversion', job });
  const job = await client.conversions
    .wait(found.id, { signal: io.signal, onJob })
    .finally(() => line.clear());
  if (job.status !== 'succeeded' || job.output === null) throw errorFromJob(job);
  const finalTarget = await withExtensionOf(target, job.output.filename);
  const open = (): Promise<ReadableStream<Uint8Array>> =>
    client.conversions.output(job.id, { signal: io.signal });
  await saveOutput({ io, target: finalTarget, expected: job.output, open });
  return job;
}

function describe(job: Job): string {
  const rows = [
    ['Job', job.id],
    ['State', `${job.status}${job.status === 'processing' ? ` ${job.progress.percent} %` : ''}`],
    ['Conversion', job.type],
    ['Input', `${job.input.filename}, ${formatSize(job.input.size_bytes)}`],
  ];
  if (job.output !== null) {
    const { filename, size_bytes, expires_at } = job.output;
    rows.push(['Output', `${filename}, ${formatSize(size_bytes)}, until ${expires_at}`]);
  }
  if (job.error !== null) rows.push(['Error', `${job.error.detail} (${job.error.code})`]);
  for (const warning of job.warnings) rows.push(['Warning', warning.detail]);
  rows.push(['Counted', job.usage.counted ? `yes, ${job.usage.billed_as}` : 'no']);
  rows.push(['Created', job.created_at]);
  if (job.duration_ms !== null) rows.push(['Took', formatDuration(job.duration_ms)]);
  return formatTable(rows.map((row) => row.map(printable)));
}
