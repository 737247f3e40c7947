import { sql, type Statement } from '../db/sql.ts';

export interface AnnouncementRow {
  readonly organizationId: string;
  readonly topic: string;
  readonly dedupeKey: string;
  /** JSON text. */
  readonly payload: string;
  readonly createdAt: Date;
}

export function insertAnnouncement(row: AnnouncementRow): Statement {
  return sql`INSERT INTO outbox (organization_id, topic, dedupe_key, payload, created_at)
    VALUES (${row.organizationId}, ${row.topic}, ${row.dedupeKey}, ${row.payload}::jsonb,
            ${row.createdAt})
    ON CONFLICT (organization_id, dedupe_key) DO NOTHING`;
}
