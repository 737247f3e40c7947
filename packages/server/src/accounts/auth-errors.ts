import { z } from 'zod';
import { AppError, type ErrorCode } from '../errors.ts';

const body = z.object({ code: z.string().optional(), message: z.string().optional() });

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  422: 'invalid_request',
  429: 'rate_limited',
};

/**
 * better-auth's refusal as an error of ours. `reason` is its own word for it, e.g.
 * `INVALID_EMAIL_OR_PASSWORD`, so that a page can tell the cases apart.
 */
export async function toAuthError(response: Response): Promise<AppError> {
  const text = await response.text();
  const parsed = body.safeParse(parseJson(text));
  const code = codeByStatus[response.status];
  if (code === undefined || !parsed.success) {
    return new AppError('internal_error', 'The login did not work.', { cause: response.status });
  }
  const { code: reason, message = 'The login was refused' } = parsed.data;
  const details = reason === undefined ? {} : { reason };
  return new AppError(code, `${message.replace(/\.$/, '')}.`, { details });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
