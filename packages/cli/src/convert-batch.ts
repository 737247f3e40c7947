import { basename } from 'node:path';

import { errorFromJob, MutateError, type Batch, type Mutate } from '@mutate/sdk';

import { printable, type Io } from './command.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { explainError } from './explain-error.ts';
import { isUrl } from './inputs.ts';
import { saveOutput } from './output-file.ts';
import type { Target } from './output-target.ts';
import { ProgressLine } from './progress-line.ts';

export interface BatchRequest {
  readonly inputs: readonly string[];
  readonly to: string;
  readonly from: string | undefined;
  readonly options: Record<string, unknown> | undefined;
  readonly waitSeconds: number | undefined;
  readonly isJson: boolean;
  readonly target: Target;
}

/** All inputs in one request, their outputs in one ZIP. What fails is told file by file. */
export async function convertBatch(
  client: Mutate,
  io: Io,
  request: BatchRequest,
): Promise<ExitCode> {
  const { inputs, to, from, options, waitSeconds, target } = request;
  const line = new ProgressLine(io.stderr, `${inputs.length} files`);
  const batch = await client.batches
    .convert({
      files: inputs.filter((input) => !isUrl(input)).map((input) => fileOf(io, input, from)),
      sourceUrls: inputs.filter(isUrl),
      to,
      from,
      options,
      signal: io.signal,
      timeoutSeconds: waitSeconds,
      onUpload: (progress) => line.show(progress),
      onBatch: ({ counts }) =>
        line.say((counts.total - counts.queued - counts.processing) / counts.total, 'converting'),
    })
    .finally(() => line.clear());
  if (request.isJson) io.stdout.write(`${JSON.stringify(batch)}\n`);
  const exitCode = tellFailures(io, batch);
  if (batch.output === null) return exitCode;
  const open = () => client.batches.output(batch.id, { signal: io.signal });
  await saveOutput({ io, target, expected: null, open });
  if (io.stderr.isTTY === true && target.kind === 'file') {
    const words = `${batch.counts.succeeded} of ${batch.counts.total} files → ${target.path}`;
    io.stderr.write(`${printable(words)}\n`);
  }
  return exitCode;
}

function fileOf(io: Io, input: string, from: string | undefined) {
  if (input !== '-') return { file: input, filename: basename(input) };
  return { file: io.stdin, filename: from === undefined ? 'stdin' : `stdin.${from}` };
}

/** The exit code of the first that failed. */
function tellFailures(io: Io, batch: Batch): ExitCode {
  let exitCode: ExitCode = exitCodes.ok;
  for (const { filename, job, error } of batch.data) {
    for (const warning of job?.warnings ?? []) {
      io.stderr.write(`mutate: ${printable(`${filename}: warning: ${warning.detail}`)}\n`);
    }
    if (job?.status === 'succeeded') continue;
    const failure =
      error === null ? null : new MutateError(error.detail, { ...error, extras: error });
    const told = failure ?? (job === null ? null : errorFromJob(job));
    if (told === null) continue;
    io.stderr.write(explainError(told, filename));
    exitCode = exitCode === exitCodes.ok ? exitCodeOf(told) : exitCode;
  }
  return exitCode;
}
