import type { Clock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import type { NotificationDeps } from '../notifications/deps.ts';
import { startNotifications } from '../notifications/start.ts';
import { createEndpoint } from '../notifications/webhooks/endpoints.ts';
import { webhookTiming } from '../notifications/webhooks/send-webhook.ts';
import type { CreateEndpoint, Delivery } from '../notifications/webhooks/schema.ts';
import { mailTiming } from '../notifications/mail/send-mail.ts';
import type { TestDatabase } from './database.ts';
import { notificationsOn, until } from './notifications.ts';
import { scenario } from './scenario.ts';

/** Short enough for a test to wait for. */
const quickTiming = {
  fanOutEveryMs: 20,
  mail: mailTiming,
  webhooks: { ...webhookTiming, attemptMsMax: 3_000, leaseSeconds: 6, everyMs: 20, slowMs: 1_500 },
};

/** Workspaces with endpoints, and what sends to them. */
export class WebhookWorld {
  readonly database: TestDatabase;
  readonly deps: NotificationDeps;
  readonly #clock: Clock;
  #running: { stop(): Promise<void> } | null = null;

  constructor(database: TestDatabase, clock: Clock, given: Partial<NotificationDeps>) {
    this.database = database;
    this.#clock = clock;
    this.deps = notificationsOn(database.db, clock, given);
  }

  start(): void {
    this.#running = startNotifications(this.deps, quickTiming);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  /** A workspace with one endpoint. */
  async endpoint(input: CreateEndpoint) {
    const scene = await scenario(this.database.db, this.#clock).organization().create();
    const endpoint = await createEndpoint(scene.ctx, this.deps, input);
    return { ...scene, endpoint };
  }

  deliveriesOf(endpointId: string): Promise<(Delivery & { seconds: number })[]> {
    return this.database.db.query(sql`SELECT d.*, v.type,
        extract(epoch FROM d.next_attempt_at - clock_timestamp())::integer AS seconds
      FROM webhook_deliveries d
      JOIN webhook_events v ON v.organization_id = d.organization_id AND v.id = d.event_id
      WHERE d.endpoint_id = ${endpointId} ORDER BY d.id`);
  }

  /** The endpoint's only delivery, once it is as wanted. */
  delivery(endpointId: string, wanted: (delivery: Delivery & { seconds: number }) => boolean) {
    return until(async () => {
      const [delivery] = await this.deliveriesOf(endpointId);
      return delivery !== undefined && wanted(delivery) && delivery;
    });
  }

  async makeDue(endpointId: string): Promise<void> {
    await this.database.db.query(sql`UPDATE webhook_deliveries
      SET next_attempt_at = clock_timestamp() WHERE endpoint_id = ${endpointId}`);
  }
}
