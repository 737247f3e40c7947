import type { PlatformContext } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { escapeHtml, renderPage, type Page } from '../../http/page.ts';
import type { Secrets } from '../../secrets.ts';
import { plainName } from '../mail/plain-text.ts';
import { findUnsubscription, upsertPreferences } from './sql.ts';
import { readUnsubscribeToken, type Unsubscription } from './unsubscribe-token.ts';

const nameOfCategory: Readonly<Record<string, string>> = {
  usage: 'mails about usage',
  billing: 'mails about plan and payment',
  digest: 'the weekly digest',
};

/** The page that asks; opening it changes nothing, since programs open links too. */
export async function askUnsubscribe(
  ctx: PlatformContext,
  secrets: Secrets,
  token: string,
): Promise<Page> {
  const { what, who } = await findWhat(ctx, secrets, token);
  return renderPage(
    'Stop these mails',
    `<h1>Stop ${what}?</h1><p>${who}</p>` +
      '<form method="post"><button type="submit">Stop them</button></form>',
    { formAction: "'self'" },
  );
}

/** Stops the mails that the token names; a repeat changes nothing. @throws AppError `not_found` */
export async function unsubscribe(
  ctx: PlatformContext,
  secrets: Secrets,
  token: string,
): Promise<Page> {
  const { given, what, who } = await findWhat(ctx, secrets, token);
  const { organizationId, userId, category } = given;
  await ctx.db.query(
    upsertPreferences(organizationId, userId, { [category]: false }, ctx.clock.now()),
  );
  return renderPage(
    'Stopped',
    `<h1>Stopped: ${what}</h1><p>${who}</p>` +
      '<p>They can be switched on again in the settings of the workspace.</p>',
  );
}

async function findWhat(ctx: PlatformContext, secrets: Secrets, token: string) {
  const given: Unsubscription | null = readUnsubscribeToken(secrets, token);
  const [found] =
    given === null
      ? []
      : await ctx.db.query<{ workspace: string; email: string }>(
          findUnsubscription(given.organizationId, given.userId),
        );
  if (given === null || found === undefined) throw notFound('subscription to mails');
  const what = nameOfCategory[given.category] ?? 'these mails';
  const workspace = escapeHtml(plainName(found.workspace));
  const who = `For <bdi>${escapeHtml(found.email)}</bdi> in the workspace “<bdi>${workspace}</bdi>”.`;
  return { given, what, who };
}
