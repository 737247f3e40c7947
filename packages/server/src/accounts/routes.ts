import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { deleteAccount } from './delete-account.ts';
import { describeMe, endOtherSessions, endSession, listOwnSessions, requireMember } from './me.ts';
import { meSchema, sessionListSchema } from './schema.ts';

const access = { kind: 'any_caller' } as const;
const tag = 'Account';

const getMe = defineRoute({
  method: 'GET',
  url: '/v1/me',
  operationId: 'getMe',
  summary: 'Who is signed in, and their workspaces',
  description: 'Signing in, up and out is under `/api/auth`; see docs/accounts.md.',
  tag,
  access,
  responses: { 200: meSchema },
  errors: ['forbidden'],
  handler: ({ ctx, caller }) => describeMe(ctx, requireMember(caller)),
});

const listMySessions = defineRoute({
  method: 'GET',
  url: '/v1/me/sessions',
  operationId: 'listMySessions',
  summary: 'Where you are signed in',
  tag,
  access,
  responses: { 200: sessionListSchema },
  errors: ['forbidden'],
  handler: ({ ctx, caller }) => listOwnSessions(ctx, requireMember(caller)),
});

const endMySession = defineRoute({
  method: 'DELETE',
  url: '/v1/me/sessions/:sessionId',
  operationId: 'endMySession',
  summary: 'Sign out one of your sessions',
  description: 'It is refused everywhere within a second.',
  tag,
  access,
  responses: {
    200: z.object({ id: z.string(), object: z.literal('session'), deleted: z.literal(true) }),
  },
  errors: ['forbidden', 'not_found'],
  handler: ({ ctx, caller, params }) => endSession(ctx, requireMember(caller), params.sessionId),
});

const endMyOtherSessions = defineRoute({
  method: 'DELETE',
  url: '/v1/me/sessions',
  operationId: 'endMyOtherSessions',
  summary: 'Sign out everywhere else',
  tag,
  access,
  responses: { 204: null },
  errors: ['forbidden'],
  handler: ({ ctx, caller }) => endOtherSessions(ctx, requireMember(caller)),
});

const deleteMe = defineRoute({
  method: 'DELETE',
  url: '/v1/me',
  operationId: 'deleteMe',
  summary: 'Delete your account',
  description:
    'By a session that is at most ten minutes old. The last owner of a workspace deletes it, or makes ' +
    'another member the owner, first (409).',
  tag,
  access,
  responses: { 204: null },
  errors: ['forbidden', 'conflict'],
  handler: ({ ctx, caller }) => deleteAccount(ctx, requireMember(caller)),
});

export const accountRoutes = [deleteMe, getMe, listMySessions, endMySession, endMyOtherSessions];
