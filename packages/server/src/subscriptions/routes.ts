import { defineRoute } from '../http/route.ts';
import { subscriptionSchema } from './schema.ts';
import { findSubscription } from './subscriptions.ts';

const findSubscriptionRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/subscription',
  operationId: 'getSubscription',
  summary: 'What the workspace is subscribed to',
  tag: 'Subscription',
  access: { kind: 'workspace', scope: 'billing:read' },
  responses: { 200: subscriptionSchema },
  errors: [],
  handler: ({ ctx }) => findSubscription(ctx),
});

export const subscriptionRoutes = [findSubscriptionRoute];
