import { listOf } from '../../http/list.ts';
import { defineRoute } from '../../http/route.ts';
import type { NotificationDeps } from '../deps.ts';
import { findMail, listMails, resendMail } from './mails.ts';
import { listAllMailsQuery, listMailsQuery, mailSchema, renderedMailSchema } from './schema.ts';

const description =
  'What was sent, what waits, and what was given up, newest first. Without `SMTP_URL` this is where ' +
  'mails are read.';

/** The mails of a workspace, for those who run it; all of them for the operator. */
export function mailRoutes(deps: NotificationDeps) {
  return [...workspaceRoutes(deps), ...operatorRoutes(deps)];
}

function workspaceRoutes(deps: NotificationDeps) {
  return [
    defineRoute({
      method: 'GET',
      url: '/v1/workspaces/:workspaceId/outbox',
      operationId: 'listWorkspaceMails',
      summary: 'Mails of a workspace',
      description,
      tag: 'Notifications',
      access: { kind: 'workspace', scope: 'audit:read' },
      query: listMailsQuery,
      responses: { 200: listOf(mailSchema) },
      errors: [],
      handler: ({ ctx, query }) => listMails(ctx, deps, query, query),
    }),
    defineRoute({
      method: 'GET',
      url: '/v1/workspaces/:workspaceId/outbox/:mailId',
      operationId: 'getWorkspaceMail',
      summary: 'One mail of a workspace, with its text and HTML',
      description: 'Without the links that are good once: they are for who gets the mail.',
      tag: 'Notifications',
      access: { kind: 'workspace', scope: 'audit:read' },
      responses: { 200: renderedMailSchema },
      errors: ['not_found'],
      handler: ({ ctx, params }) => findMail(ctx, deps, params.mailId),
    }),
  ];
}

function operatorRoutes(deps: NotificationDeps) {
  return [
    defineRoute({
      method: 'GET',
      url: '/v1/admin/outbox',
      operationId: 'listMails',
      summary: 'Mails of all workspaces and of the platform',
      description,
      tag: 'Administration',
      access: { kind: 'super_admin' },
      query: listAllMailsQuery,
      responses: { 200: listOf(mailSchema) },
      errors: [],
      handler: ({ ctx, query }) => listMails(ctx, deps, query, query),
    }),
    defineRoute({
      method: 'GET',
      url: '/v1/admin/outbox/:mailId',
      operationId: 'getMail',
      summary: 'One mail, with its text and HTML',
      description:
        'A link that is good once (confirmation, invitation, new password) is shown only while there ' +
        'is no `SMTP_URL` and it has not expired.',
      tag: 'Administration',
      access: { kind: 'super_admin' },
      responses: { 200: renderedMailSchema },
      errors: ['not_found'],
      handler: ({ ctx, params }) => findMail(ctx, deps, params.mailId),
    }),
    defineRoute({
      method: 'POST',
      url: '/v1/admin/outbox/:mailId/resend',
      operationId: 'resendMail',
      summary: 'Send a mail that was given up once more',
      tag: 'Administration',
      access: { kind: 'super_admin' },
      responses: { 200: mailSchema },
      errors: ['not_found', 'conflict'],
      handler: ({ ctx, params }) => resendMail(ctx, deps, params.mailId),
    }),
  ];
}
