import { defineRoute, type Route } from '../http/route.ts';
import { findHealth, type HealthDeps, healthSchema } from './health.ts';

/** How the platform is, for the super admin. */
export function healthRoutes(deps: HealthDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      url: '/v1/admin/health',
      operationId: 'getHealth',
      summary: 'What waits, what is missing, what is refused',
      tag: 'Administration',
      access: { kind: 'super_admin' },
      responses: { 200: healthSchema },
      errors: [],
      handler: ({ ctx }) => findHealth(ctx, deps),
    }),
  ];
}
