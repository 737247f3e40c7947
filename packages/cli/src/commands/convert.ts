import { stat } from 'node:fs/promises';

import type { CreateConversionInput, Job, Mutate } from '@mutate/sdk';

import { printable, textFlag, UsageError } from '../command.ts';
import type { Command, Flags, Invocation, Io } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { exitCodeOf, exitCodes, type ExitCode } from '../exit-codes.ts';
import { errorAsJson, explainError } from '../explain-error.ts';
import { formatDuration, formatSize } from '../format.ts';
import { saveOutput } from '../output-file.ts';
import { resolveTarget, withExtensionOf, type Target } from '../output-target.ts';
import { ProgressLine } from '../progress-line.ts';

/** `mutate convert`: files in, converted files out. */
export const convertCommand: Command = {
  name: 'convert',
  summary: 'convert files',
  help: `mutate convert FILE... --to FORMAT [-o OUTPUT] [options]

Converts each file and writes the result beside it: report.xlsx becomes report.csv. FILE can be -
for stdin; the result then goes to stdout. "mutate formats" lists the conversions.

  --to FORMAT        the format wanted, such as csv or pdf
  --from FORMAT      the format of the input, where its name and content do not tell
  -o, --output PATH  where to write: a file, a folder, or - for stdout
  --option KEY=VALUE an option of the conversion; repeat it for several. VALUE is read as JSON where
                     it is valid JSON (0, true, "2024"), else as text
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
    force: { type: 'boolean' },
    wait: { type: 'string' },
    async: { type: 'boolean' },
  },
  run,
};

interface Request {
  to: string;
  from: string | undefined;
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
  const tasks = await planTasks(positionals, flags, request);
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
  const options = readOptions(flags['option']);
  const isJson = flags['json'] === true;
  return { to, from: textFlag(flags, 'from'), options, waitSeconds, isAsync, isJson };
}

function readOptions(entries: Flags[string]): Record<string, unknown> | undefined {
  if (!Array.isArray(entries)) return undefined;
  const pairs = entries.map((entry): [string, unknown] => {
    const text = String(entry);
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError(`--option takes KEY=VALUE; got "${text}".`);
    const value = text.slice(equals + 1);
    try {
      return [text.slice(0, equals), JSON.parse(value) as unknown];
    } catch {
      return [text.slice(0, equals), value];
    }
  });
  return Object.fromEntries(pairs);
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

async function checkInput(input: string): Promise<void> {
  if (input === '-') return;
  const found = await stat(input).catch(() => null);
  if (found === null) throw new UsageError(`There is no file ${input}, or it cannot be read.`);
  if (found.isDirectory()) throw new UsageError(`${input} is a folder; name the files in it.`);
}

function uploadOf(io: Io, request: Request, input: string): CreateConversionInput {
  const { to, from, options } = request;
  const extension = from === undefined ? '' : `.${from}`;
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
