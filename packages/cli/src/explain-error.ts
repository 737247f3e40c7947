import { MutateError } from '@mutate/sdk';

import { printable, UsageError } from './command.ts';
import { Interrupted } from './exit-codes.ts';
import { formatSize } from './format.ts';

/**
 * An error for a person: what happened, what to do, and the request's id. `about` is the file or
 * job concerned. Several lines, each ending in a newline.
 */
export function explainError(error: unknown, about?: string): string {
  const subject = about === undefined ? 'mutate' : `mutate: ${printable(about)}`;
  if (error instanceof Interrupted) return `${subject}: interrupted\n`;
  if (!(error instanceof MutateError)) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError ? '\n  Run "mutate help" for the commands.' : '';
    return `${subject}: ${printable(message)}${hint}\n`;
  }
  const lines = [`${subject}: ${printable(error.detail)} (${printable(error.code)})`];
  for (const line of adviceFor(error)) lines.push(`  ${printable(line)}`);
  if (error.requestId !== null) lines.push(`  Request: ${printable(error.requestId)}`);
  return `${lines.join('\n')}\n`;
}

/** An error for a program: one line of JSON with the problem's members. */
export function errorAsJson(error: unknown, about: string): string {
  const body =
    error instanceof MutateError
      ? {
          ...error.extras,
          code: error.code,
          status: error.status,
          detail: error.detail,
          retryable: error.retryable,
          request_id: error.requestId,
          job_id: error.jobId,
        }
      : {
          code: error instanceof Interrupted ? 'interrupted' : 'failed',
          detail: error instanceof Error ? error.message : String(error),
        };
  return `${JSON.stringify({ object: 'error', about, ...body })}\n`;
}

function adviceFor(error: MutateError): string[] {
  const { extras, jobId } = error;
  const lines: (string | null)[] = [];
  switch (error.code) {
    case 'invalid_request':
      lines.push(...fieldErrors(extras['errors']));
      break;
    case 'unauthenticated':
      lines.push('Check the API key in MUTATE_API_KEY or --api-key; it may have been revoked.');
      break;
    case 'forbidden':
      if (extras['required_scope'] !== undefined)
        lines.push('A key with it is made in the dashboard.');
      lines.push(said('In the dashboard it is open to', extras['required_roles']));
      break;
    case 'quota_exceeded':
    case 'spend_cap_reached':
      lines.push(said('Counting starts anew at', extras['resets_at']));
      break;
    case 'file_too_large':
      lines.push(sizeLimit(extras['limit_bytes'], extras['plan']));
      break;
    case 'concurrency_limited':
      lines.push('Wait until a running conversion is done, or queue this one with --async.');
      break;
    case 'unsupported_format':
      lines.push(said('Found', extras['detected']), 'If you know the format, name it with --from.');
      break;
    case 'unsupported_conversion':
      lines.push(said('This file can become', extras['supported_targets']));
      lines.push('"mutate formats" lists every conversion.');
      break;
    case 'connection_failed':
      lines.push('Is the server running, and is the address in MUTATE_URL or --url right?');
      break;
  }
  lines.push(said('Upgrade:', extras['upgrade_url']), said('Invoice:', extras['invoice_url']));
  if (error.retryAfterMs !== null) {
    lines.push(`Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`);
  }
  if (jobId !== null && ['connection_failed', 'timed_out', 'wait_timed_out'].includes(error.code)) {
    lines.push(`The conversion may go on. Fetch it with: mutate job ${jobId} -o FILE`);
  }
  return lines.filter((line) => line !== null);
}

function said(words: string, value: unknown): string | null {
  if (Array.isArray(value) && value.length > 0) return `${words} ${value.join(', ')}`;
  return typeof value === 'string' && value !== '' ? `${words} ${value}` : null;
}

function sizeLimit(limitBytes: unknown, plan: unknown): string | null {
  if (typeof limitBytes !== 'number') return null;
  const ofPlan = typeof plan === 'string' ? ` of the plan ${plan}` : '';
  return `The limit${ofPlan} is ${formatSize(limitBytes)} a file.`;
}

function fieldErrors(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  const known = errors as { pointer?: string; detail?: string }[];
  return known.map(({ pointer, detail }) => `${pointer ?? ''}: ${detail ?? ''}`);
}
