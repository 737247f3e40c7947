import type { NotificationDeps } from './deps.ts';
import { mailRoutes } from './mail/routes.ts';
import { preferenceRoutes } from './preferences/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

/** What people are told, and how they want it. */
export function notificationRoutes(deps: NotificationDeps) {
  return [...preferenceRoutes(deps.secrets), ...mailRoutes(deps), ...webhookRoutes(deps)];
}
