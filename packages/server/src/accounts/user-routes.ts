import { listOf } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import { adminUserSchema, listUsersQuery, updateUserSchema } from './user-schema.ts';
import { changeUser, findOneUser, listAllUsers } from './users.ts';

const access = { kind: 'super_admin' } as const;
const tag = 'Administration';

const listUsersRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/users',
  operationId: 'listUsers',
  summary: 'All users',
  tag,
  access,
  query: listUsersQuery,
  responses: { 200: listOf(adminUserSchema) },
  errors: [],
  handler: ({ ctx, query }) => listAllUsers(ctx, query, query.search ?? null),
});

const findUserRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/users/:userId',
  operationId: 'getUser',
  summary: 'One user',
  tag,
  access,
  responses: { 200: adminUserSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => findOneUser(ctx, params.userId),
});

const updateUserRoute = defineRoute({
  method: 'PATCH',
  url: '/v1/admin/users/:userId',
  operationId: 'updateUser',
  summary: 'Make a user the super admin, ban them, or let them in again',
  description:
    'A banned user is out within a second. Nobody changes themselves. To act as a user see ' +
    '`POST /api/auth/admin/impersonate-user` in docs/accounts.md.',
  tag,
  access,
  body: updateUserSchema,
  responses: { 200: adminUserSchema },
  errors: ['not_found', 'conflict'],
  handler: ({ ctx, params, body }) => changeUser(ctx, params.userId, body),
});

export const userRoutes = [listUsersRoute, findUserRoute, updateUserRoute];
