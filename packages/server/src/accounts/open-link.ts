import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Database } from '../db/pool.ts';
import { sqlStateOf } from '../db/sql-file.ts';
import { AppError } from '../errors.ts';
import { parseInput } from '../http/validation.ts';
import {
  giveLinkBack,
  type MailLink,
  readLink,
  refuseElsewhere,
  requireGoodLink,
  type TakenLink,
  useLink,
} from './mail-links.ts';
import { callbackURL } from './schema.ts';
import { type MarkDeps, mayProve } from './sign-up-mark.ts';

const querySchema = z.object({
  token: z.string().min(1).max(2000),
  callbackURL: z.string().max(400).optional(),
});

/** Where somebody who proves an address chooses the password: a page of the dashboard. */
const confirmPage = '/confirm-address';

/**
 * Answers a mailed link once. One that proves an address leads to a page that asks for a password,
 * and stays good, in a browser that may not prove it by the link alone (sign-up-mark.ts). A refusal
 * goes to the page that the link leads to, as `?error=`, where it names one of ours.
 *
 * @param signedIn whose browser it is; null: nobody's. A link that makes an address another account's acts
 *   in that account's browser alone: whoever reads the mail must not give their address away.
 * @param follow has better-auth act upon it
 * @returns its reply, or where to go instead
 */
export async function openLink(
  deps: MarkDeps & { db: Database },
  request: FastifyRequest,
  signedIn: string | null,
  follow: (link: MailLink) => Promise<Response>,
): Promise<Response> {
  const query = parseInput(querySchema, 'query', request.query) as z.infer<typeof querySchema>;
  try {
    const read = readLink(deps.secret, query.token);
    if (read.purpose === 'change' && read.userId !== signedIn) await refuseElsewhere(deps.db, read);
    if (read.purpose === 'proof' && !(await mayProve(deps, read.userId, request.headers.cookie))) {
      await requireGoodLink(deps.db, read);
      const from = callbackURL.safeParse(query.callbackURL).data ?? '/';
      const search = new URLSearchParams({ token: query.token, from });
      return redirect(`${confirmPage}?${search.toString()}`);
    }
    const link = await useLink(deps.db, read);
    return await followOnce(deps.db, link, follow);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const back = callbackURL.safeParse(query.callbackURL);
    if (!back.success || back.data === undefined) throw error;
    const mark = back.data.includes('?') ? '&' : '?';
    const reason = String(error.details['reason']);
    return redirect(`${back.data}${mark}error=${reason}`);
  }
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

async function followOnce(
  db: Database,
  link: TakenLink,
  follow: (link: MailLink) => Promise<Response>,
): Promise<Response> {
  try {
    const response = await follow(link);
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

/** Also one that is a way to a page with an error. */
export function isRefused(response: Response): boolean {
  if (response.status >= 400) return true;
  const location = response.headers.get('location') ?? '/';
  return new URL(location, 'http://localhost').searchParams.has('error');
}
