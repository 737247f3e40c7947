import type { CreateConversionInput, Job, Mutate } from '@mutate/sdk';

import { printable, textFlag, UsageError } from '../command.ts';
import type { Command, Flags, Invocation, Io } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { convertBatch } from '../convert-batch.ts';
import { exitCodeOf, exitCodes, type ExitCode } from '../exit-codes.ts';
import { errorAsJson, explainError } from '../explain-error.ts';
import { formatDuration, formatSize } from '../format.ts';
import { readGivenOptions, resolveOptions, type GivenOption } from '../given-options.ts';
import { checkInput, extensionOf, isUrl } from '../inputs.ts';
import { saveOutput } from '../output-file.ts';
import { resolveTarget, withExtensionOf, type Target } from '../output-target.ts';
import { ProgressLine } from '../progress-line.ts';

/** `mutate convert`: files in, converted files out. */
export const convertCommand: Command = {
  name: 'convert',
  summary: 'convert files',
  help: `mutate convert FILE... --to FORMAT [-o OUTPUT] [options]

Converts each file and writes the result beside it: report.xlsx becomes report.csv. FILE can be -
for stdin; the result then goes to stdout. FILE can be an http or https URL, which the server
fetches; the result then goes into this folder. "mutate formats" lists the conversions, and
"mutate formats xlsx csv" the options of one.

  --to FORMAT        the format wanted, such as csv or pdf
  --from FORMAT      the format of the input, where its name and content do not tell
  -o, --output PATH  where to write: a file, a folder, or - for stdout
  --option KEY=VALUE an option of the conversion; repeat it for several. VALUE is read as JSON where
                     it is valid JSON (0, true, "2024"), else as text
  --zip              send all files in one request, and write their results into one ZIP:
                     converted.zip, or what -o names
  --force            replace an existing file whose name was not given with -o
  --wait SECONDS     stop waiting then (exit code 1); the conversion goes on
  --async            do not wait: print the job's id, for "mutate job ID -o FILE"
  --json             print each job, or its error, as one line of JSON

Ctrl-C cancels the conversion. No half-written output is ever left.

${connectionHelp}`,
  options: {
    ...connectionOptions,
    to: { type: 'string' },
    from: { type: 'string' },
    output: { type: 'string', short: 'o' },
    option: { type: 'string', multiple: true },
    zip: { type: 'boolean' },
    force: { type: 'boolean' },
    wait: { type: 'string' },
    async: { type: 'boolean' },
  },
  run,
};

interface Request {
  to: string;
  from: string | undefined;
  given: readonly GivenOption[];
  options: Record<string, unknown> | undefined;
  waitSeconds: number | undefined;
  isAsync: boolean;
  isJson: boolean;
}

interface Task {
  input: string;
  target: Target;
}

async function run({ io, flags, positionals }: Invocation): Promise<number> {
  const request = readRequest(flags);
  const client = connect(flags, io.env);
  if (flags['zip'] === true) return runBatch(client, io, request, flags, positionals);
  const tasks = await planTasks(positionals, flags, request);
  request.options = await checkedOptions(client, io, request, positionals);
  let exitCode: ExitCode = exitCodes.ok;
  for (const [index, task] of tasks.entries()) {
    const label = tasks.length === 1 ? task.input : `[${index + 1}/${tasks.length}] ${task.input}`;
    try {
      const job = request.isAsync
        ? await submit(client, io, request, task)
        : await convert(client, io, request, task, label);
      if (request.isJson) io.stdout.write(`${JSON.stringify(job)}\n`);
    } catch (error) {
      io.stderr.write(explainError(error, task.input));
      if (request.isJson) io.stdout.write(errorAsJson(error, task.input));
      const code = exitCodeOf(error);
      exitCode = exitCode === exitCodes.ok ? code : exitCode;
      // One bad document says nothing about the next; a used-up quota or a dead server does.
      if (code !== exitCodes.document) break;
    }
  }
  return exitCode;
}

function readRequest(flags: Flags): Request {
  const to = textFlag(flags, 'to')?.replace(/^\./, '').toLowerCase();
  if (to === undefined || !/^[a-z0-9]{1,16}$/.test(to)) {
    throw new UsageError('Name the format wanted, as in --to csv.');
  }
  const wait = textFlag(flags, 'wait');
  const waitSeconds = wait === undefined ? undefined : Number(wait);
  if (waitSeconds !== undefined && !(waitSeconds >= 0 && waitSeconds <= 86_400)) {
    throw new UsageError(`--wait takes seconds from 0 to 86400; got "${wait}".`);
  }
  const isAsync = flags['async'] === true;
  if (isAsync && (waitSeconds !== undefined || flags['output'] !== undefined)) {
    throw new UsageError('--async does not wait for an output: leave out --wait and -o.');
  }
  const given = readGivenOptions(flags['option']);
  const isJson = flags['json'] === true;
  const from = textFlag(flags, 'from');
  return { to, from, given, options: undefined, waitSeconds, isAsync, isJson };
}

/** Told before anything is uploaded, where the server offers the conversion. */
function checkedOptions(client: Mutate, io: Io, request: Request, inputs: readonly string[]) {
  const { from, to, given } = request;
  const sources = from === undefined ? inputs.map(extensionOf) : [from.toLowerCase()];
  return resolveOptions(client, given, { sources, to, signal: io.signal });
}

async function runBatch(
  client: Mutate,
  io: Io,
  request: Request,
  flags: Flags,
  inputs: readonly string[],
): Promise<ExitCode> {
  if (inputs.length === 0) throw new UsageError('Name the files to convert.');
  if (request.isAsync) throw new UsageError('--zip waits for its output: leave out --async.');
  for (const input of inputs) await checkInput(input);
  const output = textFlag(flags, 'output');
  const force = flags['force'] === true;
  const target = await resolveTarget({ input: 'converted', output, to: 'zip', force });
  if (target.kind === 'stdout' && request.isJson) {
    throw new UsageError('stdout takes one output and no --json; name a file with -o.');
  }
  const options = await checkedOptions(client, io, request, inputs);
  return convertBatch(client, io, { ...request, inputs, options, target });
}

/** Checks every input and output before the first upload. */
async function planTasks(
  inputs: readonly string[],
  flags: Flags,
  { to, isAsync, isJson }: Request,
): Promise<Task[]> {
  if (inputs.length === 0) throw new UsageError('Name a file to convert, or - for stdin.');
  const output = textFlag(flags, 'output');
  const force = flags['force'] === true;
  const tasks: Task[] = [];
  const taken = new Set<string>();
  for (const input of inputs) {
    await checkInput(input);
    if (isAsync) {
      tasks.push({ input, target: { kind: 'stdout' } });
      continue;
    }
    const target = await resolveTarget({ input, output, to, force });
    if (target.kind === 'stdout' && (isJson || inputs.length > 1)) {
      throw new UsageError('stdout takes one output and no --json; name a file or folder with -o.');
    }
    if (target.kind === 'file' && taken.has(target.path)) {
      throw new UsageError(`Two inputs would be written to ${target.path}; name a folder with -o.`);
    }
    if (target.kind === 'file') taken.add(target.path);
    tasks.push({ input, target });
  }
  return tasks;
}

function uploadOf(io: Io, request: Request, input: string): CreateConversionInput {
  const { to, from, options } = request;
  const extension = from === undefined ? '' : `.${from}`;
  if (isUrl(input)) return { sourceUrl: input, to, from, options, signal: io.signal };
  const source =
    input === '-' ? { file: io.stdin, filename: `stdin${extension}` } : { file: input };
  return { ...source, to, from, options, signal: io.signal };
}

async function submit(client: Mutate, io: Io, request: Request, task: Task): Promise<Job> {
  const job = await client.conversions.create({
    ...uploadOf(io, request, task.input),
    respondAsync: true,
  });
  if (!request.isJson) io.stdout.write(`${job.id}\n`);
  return job;
}

async function convert(
  client: Mutate,
  io: Io,
  request: Request,
  { input, target }: Task,
  label: string,
): Promise<Job> {
  const startedMs = performance.now();
  const line = new ProgressLine(io.stderr, label);
  const { job, output } = await client.conversions
    .convert({
      ...uploadOf(io, request, input),
      timeoutSeconds: request.waitSeconds,
      onProgress: (progress) => line.show(progress),
    })
    .finally(() => line.clear());
  const made = job.output;
  if (made === null) throw new Error(`The server shows no output for ${job.id}.`);
  const finalTarget = await withExtensionOf(target, made.filename);
  let opened: ReadableStream<Uint8Array> | null = output;
  const open = async (): Promise<ReadableStream<Uint8Array>> => {
    const first = opened;
    opened = null;
    return first ?? client.conversions.output(job.id, { signal: io.signal });
  };
  await saveOutput({ io, target: finalTarget, expected: made, open });
  for (const warning of job.warnings) {
    io.stderr.write(`mutate: ${printable(`${input}: warning: ${warning.detail}`)}\n`);
  }
  if (io.stderr.isTTY === true && finalTarget.kind === 'file') {
    const took = formatDuration(performance.now() - startedMs);
    const words = `${label} → ${finalTarget.path} (${formatSize(made.size_bytes)}, ${took})`;
    io.stderr.write(`${printable(words)}\n`);
  }
  return job;
}
