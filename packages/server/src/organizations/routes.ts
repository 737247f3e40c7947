import { listOf, listQuery } from '../http/list.ts';
import type { Caller } from '../http/ports.ts';
import { defineRoute } from '../http/route.ts';
import {
  apiKeySchema,
  createApiKeySchema,
  deletedApiKeySchema,
  newApiKeySchema,
  rotateApiKeySchema,
} from './api-key-schema.ts';
import { createApiKey, findApiKey, listApiKeys, revokeApiKey, rotateApiKey } from './api-keys.ts';
import { findOrganization, listWorkspaces, updateOrganization } from './organizations.ts';
import type { WorkspaceSight } from './organizations.ts';
import { createWorkspace } from './create-workspace.ts';
import { createWorkspaceSchema, updateWorkspaceSchema, workspaceSchema } from './schema.ts';

function sightOf(caller: Caller): WorkspaceSight {
  if (caller.kind === 'api_key') return { kind: 'one', id: caller.organizationId };
  if (caller.kind === 'member' && caller.superAdmin !== 'yes') {
    return { kind: 'member', userId: caller.userId };
  }
  return { kind: 'all' };
}

const listWorkspacesRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces',
  operationId: 'listWorkspaces',
  summary: 'The workspaces that the caller may see',
  tag: 'Workspaces',
  access: { kind: 'any_caller' },
  query: listQuery,
  responses: { 200: listOf(workspaceSchema) },
  errors: [],
  handler: ({ ctx, query, caller }) => listWorkspaces(ctx, query, sightOf(caller)),
});

const createWorkspaceRoute = defineRoute({
  method: 'POST',
  url: '/v1/workspaces',
  operationId: 'createWorkspace',
  summary: 'Create a workspace',
  tag: 'Workspaces',
  description:
    'Somebody who is signed in becomes its owner, on the Free plan, and may own ten. Only the super ' +
    'admin may name another plan.',
  access: { kind: 'any_caller' },
  body: createWorkspaceSchema,
  responses: { 201: workspaceSchema },
  errors: ['forbidden', 'conflict'],
  handler: ({ ctx, caller, body }) => createWorkspace(ctx, caller, body),
});

const findWorkspaceRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId',
  operationId: 'getWorkspace',
  summary: 'One workspace',
  tag: 'Workspaces',
  access: { kind: 'workspace', scope: 'usage:read' },
  responses: { 200: workspaceSchema },
  errors: [],
  handler: ({ ctx }) => findOrganization(ctx),
});

const updateWorkspaceRoute = defineRoute({
  method: 'PATCH',
  url: '/v1/workspaces/:workspaceId',
  operationId: 'updateWorkspace',
  summary: "Change a workspace's settings",
  tag: 'Workspaces',
  access: { kind: 'workspace', scope: 'billing:write' },
  body: updateWorkspaceSchema,
  responses: { 200: workspaceSchema },
  errors: [],
  handler: ({ ctx, body }) => updateOrganization(ctx, body),
});

const createApiKeyRoute = defineRoute({
  method: 'POST',
  url: '/v1/workspaces/:workspaceId/api-keys',
  operationId: 'createApiKey',
  summary: 'Create an API key',
  description:
    '`key` is shown in this reply only; a reply repeated for an `Idempotency-Key` comes without ' +
    'it. Without `scopes` the key may do everything but make further keys. A key hands on only ' +
    'what it has itself: scopes, time and addresses; with a monthly limit it makes none.',
  tag: 'API keys',
  access: { kind: 'workspace', scope: 'keys:write' },
  body: createApiKeySchema,
  responses: { 201: newApiKeySchema },
  errors: [],
  secretMember: 'key',
  handler: ({ ctx, body }) => createApiKey(ctx, body),
});

const listApiKeysRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/api-keys',
  operationId: 'listApiKeys',
  summary: "The workspace's API keys",
  tag: 'API keys',
  access: { kind: 'workspace', scope: 'keys:write' },
  query: listQuery,
  responses: { 200: listOf(apiKeySchema) },
  errors: [],
  handler: ({ ctx, query }) => listApiKeys(ctx, query),
});

const findApiKeyRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/api-keys/:keyId',
  operationId: 'getApiKey',
  summary: 'One API key',
  tag: 'API keys',
  access: { kind: 'workspace', scope: 'keys:write' },
  responses: { 200: apiKeySchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => findApiKey(ctx, params.keyId),
});

const rotateApiKeyRoute = defineRoute({
  method: 'POST',
  url: '/v1/workspaces/:workspaceId/api-keys/:keyId/rotate',
  operationId: 'rotateApiKey',
  summary: 'Give an API key another secret',
  description:
    'Both secrets are good for `expires_in` seconds (a day unless said otherwise): change the ' +
    'programs meanwhile. Id, limits and usage of the key stay.',
  tag: 'API keys',
  access: { kind: 'workspace', scope: 'keys:write' },
  body: rotateApiKeySchema,
  responses: { 200: newApiKeySchema },
  errors: ['not_found'],
  secretMember: 'key',
  handler: ({ ctx, params, body }) => rotateApiKey(ctx, params.keyId, body),
});

const revokeApiKeyRoute = defineRoute({
  method: 'DELETE',
  url: '/v1/workspaces/:workspaceId/api-keys/:keyId',
  operationId: 'revokeApiKey',
  summary: 'Revoke an API key',
  description: 'The key is refused everywhere within a second.',
  tag: 'API keys',
  access: { kind: 'workspace', scope: 'keys:write' },
  responses: { 200: deletedApiKeySchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => revokeApiKey(ctx, params.keyId),
});

export const organizationRoutes = [
  listWorkspacesRoute,
  createWorkspaceRoute,
  findWorkspaceRoute,
  updateWorkspaceRoute,
  createApiKeyRoute,
  listApiKeysRoute,
  findApiKeyRoute,
  rotateApiKeyRoute,
  revokeApiKeyRoute,
];
