import { z } from 'zod';
import { sendPage } from '../../http/page.ts';
import { defineRoute } from '../../http/route.ts';
import type { Secrets } from '../../secrets.ts';
import { findPreferences, updatePreferences } from './preferences.ts';
import { preferencesSchema, updatePreferencesSchema } from './schema.ts';
import { askUnsubscribe, unsubscribe } from './unsubscribe.ts';

const url = '/v1/workspaces/:workspaceId/notifications';
const tag = 'Notifications';
const description =
  "A member's own, when called by one. With a key name the member: `member_id`. Which mails there " +
  'are, and who gets them by default, is told in docs/notifications.md.';
const query = z.strictObject({ member_id: z.string().min(1).max(64).optional() });

const findPreferencesRoute = defineRoute({
  method: 'GET',
  url,
  operationId: 'getNotificationPreferences',
  summary: 'What a member is told of by mail',
  description,
  tag,
  access: { kind: 'workspace', scope: 'billing:read' },
  query,
  responses: { 200: preferencesSchema },
  errors: ['not_found'],
  handler: ({ ctx, query: { member_id: memberId } }) => findPreferences(ctx, memberId),
});

const updatePreferencesRoute = defineRoute({
  method: 'PATCH',
  url,
  operationId: 'updateNotificationPreferences',
  summary: 'Change what a member is told of by mail',
  description,
  tag,
  access: { kind: 'workspace', scope: 'billing:write' },
  query,
  body: updatePreferencesSchema,
  responses: { 200: preferencesSchema },
  errors: ['not_found'],
  handler: ({ ctx, body, query: { member_id: memberId } }) =>
    updatePreferences(ctx, body, memberId),
});

const page = { description: 'A page for people', contentType: 'text/html' };

/** The token in the URL is all that is needed: the link is opened from a mail. */
function unsubscribeRoutes(secrets: Secrets) {
  const shared = {
    url: '/v1/unsubscribe/:token',
    tag,
    access: { kind: 'public' },
    responses: { 200: page },
    errors: ['not_found'],
    idempotency: false,
  } as const;
  return [
    defineRoute({
      ...shared,
      method: 'GET',
      operationId: 'askUnsubscribe',
      summary: 'The page that stops a kind of mail',
      handler: async ({ ctx, params, reply }) =>
        sendPage(reply, await askUnsubscribe(ctx, secrets, params.token)),
    }),
    defineRoute({
      ...shared,
      method: 'POST',
      operationId: 'unsubscribe',
      summary: 'Stop a kind of mail (RFC 8058)',
      // Mail programs post `List-Unsubscribe=One-Click`, the page an empty form: neither is read.
      rawBody: { contentType: 'application/x-www-form-urlencoded' },
      handler: async ({ ctx, params, reply, request }) => {
        request.raw.resume();
        return sendPage(reply, await unsubscribe(ctx, secrets, params.token));
      },
    }),
  ];
}

export function preferenceRoutes(secrets: Secrets) {
  return [findPreferencesRoute, updatePreferencesRoute, ...unsubscribeRoutes(secrets)];
}
