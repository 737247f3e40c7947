import { defineRoute, type Route } from '../http/route.ts';
import { findUsage, usageSchema } from './usage.ts';

/** The usage part of the API. */
export const usageRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    url: '/v1/workspaces/:workspaceId/usage',
    operationId: 'findUsage',
    summary: 'Usage of the current period against the limits',
    tag: 'Usage',
    access: { kind: 'workspace', scope: 'usage:read' },
    responses: { 200: usageSchema },
    errors: [],
    handler: ({ ctx }) => findUsage(ctx),
  }),
];
