import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';

/**
 * Whether a page of ours sent a request: by its Origin header, which browsers add to every request
 * that changes something and which no page can forge. Ours is the public address, and the one that
 * the request was sent to.
 *
 * @returns null: the header is missing, as where no browser sent the request
 */
export function isSameOrigin(request: FastifyRequest, publicUrl: string): boolean | null {
  const { origin, host } = request.headers;
  if (origin === undefined) return null;
  const given = hostOf(origin);
  return given !== null && (given === host || given === hostOf(publicUrl));
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}

/** @throws AppError `forbidden` */
export function refuseForeignOrigin(): never {
  throw new AppError(
    'forbidden',
    'A request with a session cookie that changes something must come from a page of this server: ' +
      'its Origin header must name it.',
  );
}
