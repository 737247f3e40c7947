import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Database } from '../db/pool.ts';
import { sqlStateOf } from '../db/sql-file.ts';
import { AppError } from '../errors.ts';
import { parseInput } from '../http/validation.ts';
import { giveLinkBack, type MailLink, useLink } from './mail-links.ts';
import { callbackURL } from './schema.ts';

const querySchema = z.object({
  token: z.string().min(1).max(2000),
  callbackURL: z.string().max(400).optional(),
});

/**
 * Answers a mailed link once. A refusal goes to the page that the link leads to, as `?error=`, where
 * it names one of ours.
 *
 * @param follow has better-auth act upon it
 * @returns its reply, and the link where that worked
 */
export async function openLink(
  deps: { db: Database; secret: string },
  request: FastifyRequest,
  follow: () => Promise<Response>,
): Promise<{ response: Response; link: MailLink | null }> {
  const query = parseInput(querySchema, 'query', request.query) as z.infer<typeof querySchema>;
  try {
    const link = await useLink(deps.db, deps.secret, query.token);
    const response = await followOnce(deps.db, link, follow);
    return { response, link: isRefused(response) ? null : link };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const back = callbackURL.safeParse(query.callbackURL);
    if (!back.success || back.data === undefined) throw error;
    const mark = back.data.includes('?') ? '&' : '?';
    const location = `${back.data}${mark}error=${String(error.details['reason'])}`;
    return { response: new Response(null, { status: 302, headers: { location } }), link: null };
  }
}

async function followOnce(
  db: Database,
  link: MailLink,
  follow: () => Promise<Response>,
): Promise<Response> {
  try {
    const response = await follow();
    if (isRefused(response)) await giveLinkBack(db, link);
    return response;
  } catch (error) {
    if (sqlStateOf(error) === uniqueViolation) {
      const message = 'Another account has this address by now.';
      throw new AppError('conflict', message, { details: { reason: 'EMAIL_TAKEN' } });
    }
    await giveLinkBack(db, link);
    throw error;
  }
}

const uniqueViolation = '23505';

function isRefused(response: Response): boolean {
  if (response.status >= 400) return true;
  const location = response.headers.get('location') ?? '/';
  return new URL(location, 'http://localhost').searchParams.has('error');
}
