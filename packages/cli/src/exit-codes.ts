import { MutateError } from '@mutate/sdk';

import { UsageError } from './command.ts';

/** Documented in docs/cli.md; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  document: 4,
  credentials: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The user pressed Ctrl-C, or the system asked us to end. */
export class Interrupted extends Error {
  constructor() {
    super('Interrupted');
    this.name = 'Interrupted';
  }
}

/** By code and not by status, since a queued job's failure arrives without a status of its own. */
const byErrorCode: Readonly<Record<string, ExitCode>> = {
  invalid_request: exitCodes.usage,
  not_found: exitCodes.usage,
  quota_exceeded: exitCodes.refused,
  spend_cap_reached: exitCodes.refused,
  payment_overdue: exitCodes.refused,
  file_too_large: exitCodes.refused,
  rate_limited: exitCodes.refused,
  concurrency_limited: exitCodes.refused,
  queue_full: exitCodes.refused,
  unsupported_format: exitCodes.document,
  unsupported_conversion: exitCodes.document,
  document_encrypted: exitCodes.document,
  document_invalid: exitCodes.document,
  document_too_complex: exitCodes.document,
  source_unavailable: exitCodes.document,
  unauthenticated: exitCodes.credentials,
  forbidden: exitCodes.credentials,
  workspace_suspended: exitCodes.credentials,
};

const byStatus: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  401: exitCodes.credentials,
  402: exitCodes.refused,
  403: exitCodes.credentials,
  404: exitCodes.usage,
  413: exitCodes.refused,
  415: exitCodes.document,
  422: exitCodes.document,
  429: exitCodes.refused,
};

/** The exit code that tells a script what kind of failure this was. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof MutateError)) return exitCodes.failed;
  return byErrorCode[error.code] ?? byStatus[error.status] ?? exitCodes.failed;
}
