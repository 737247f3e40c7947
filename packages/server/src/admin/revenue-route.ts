import { defineRoute } from '../http/route.ts';
import { findRevenue, revenueSchema } from './revenue.ts';

export const revenueRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/revenue',
  operationId: 'getRevenue',
  summary: 'What recurs, what came and went of it, and what overage brings, by currency',
  description:
    'Each currency by itself: nothing is converted. Yearly prices count as a twelfth a month; ' +
    'trials, and plans that were assigned without payment, count nothing. `months` tells what came ' +
    'and went: new, dearer and cheaper plans, and who was lost.',
  tag: 'Administration',
  access: { kind: 'super_admin' },
  responses: { 200: revenueSchema },
  errors: [],
  handler: ({ ctx }) => findRevenue(ctx),
});
