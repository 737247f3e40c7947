import { sql, type Statement } from '../db/sql.ts';

export interface AnnouncementRow {
  readonly organizationId: string;
  readonly topic: string;
  readonly dedupeKey: string;
  /** JSON text. */
  readonly payload: string;
  readonly createdAt: Date;
}

/** With what it is about, as that is at this moment: nobody is told later what came after. */
export function insertAnnouncement(row: AnnouncementRow): Statement {
  return sql`INSERT INTO outbox (organization_id, topic, dedupe_key, payload, created_at)
    SELECT a.organization_id, a.topic, ${row.dedupeKey},
      CASE WHEN o.object IS NULL THEN a.payload
        ELSE a.payload || jsonb_build_object('announced', o.object) END, a.created_at
    FROM (SELECT ${row.organizationId}::text AS organization_id, ${row.topic}::text AS topic,
        ${row.payload}::jsonb AS payload, ${row.createdAt}::timestamptz AS created_at) a
    CROSS JOIN LATERAL (SELECT announced_object(a.organization_id, a.topic, a.payload,
        a.created_at) AS object) o
    ON CONFLICT (organization_id, dedupe_key) DO NOTHING`;
}

/** Ids of what waits, oldest first; `after` is the last one that was looked at. */
export function listWaitingAnnouncements(after: number, limit: number): Statement {
  return sql`SELECT organization_id, id FROM outbox
    WHERE processed_at IS NULL AND topic NOT LIKE 'conversion.%' AND id > ${after}::bigint
    ORDER BY id LIMIT ${limit}::integer`;
}

/** The same of conversions, of which there may be any number. */
export function listWaitingConversions(after: number, limit: number): Statement {
  return sql`SELECT organization_id, id FROM outbox
    WHERE processed_at IS NULL AND topic LIKE 'conversion.%' AND id > ${after}::bigint
    ORDER BY id LIMIT ${limit}::integer`;
}

export interface WaitingAnnouncement {
  readonly organization_id: string;
  readonly id: number;
  readonly topic: string;
  readonly payload: unknown;
  /** What it is about as it was then, where more is told of it. */
  readonly announced: object | null;
  readonly created_at: string;
  readonly workspace: string | null;
  readonly time_zone: string | null;
  readonly billing_email: string | null;
}

/** None where another process has it, or it is processed. */
export function lockAnnouncement(organizationId: string, id: number): Statement {
  return sql`SELECT b.organization_id, b.id, b.topic, b.payload - 'announced' AS payload,
      b.payload -> 'announced' AS announced, b.created_at,
      o.name AS workspace, o.time_zone, o.billing_email
    FROM outbox b LEFT JOIN organization o ON o.id = b.organization_id
    WHERE b.organization_id = ${organizationId} AND b.id = ${id}::bigint
      AND b.processed_at IS NULL
    FOR UPDATE OF b SKIP LOCKED`;
}

/** @param erase whether its payload was for one person's eyes and stands elsewhere now */
export function updateAnnouncementProcessed(
  organizationId: string,
  id: number,
  erase: boolean,
): Statement {
  return sql`UPDATE outbox SET processed_at = clock_timestamp(),
      payload = CASE WHEN ${erase}::boolean THEN '{}' ELSE payload - 'announced' END
    WHERE organization_id = ${organizationId} AND id = ${id}::bigint`;
}

/** Members with one of the roles that want mails of the category, by default or by their own word. */
export function listMembersToTell(
  organizationId: string,
  category: string,
  rule: { roles: readonly string[]; byDefault: boolean },
): Statement {
  return sql`SELECT u.id AS user_id, u.email
    FROM member m
    JOIN "user" u ON u.id = m.user_id
    LEFT JOIN notification_preferences p ON p.organization_id = m.organization_id
      AND p.user_id = m.user_id AND p.category = ${category}
    WHERE m.organization_id = ${organizationId} AND m.role = ANY (${rule.roles}::text[])
      AND NOT u.banned AND coalesce(p.enabled, ${rule.byDefault}::boolean)
    ORDER BY m.created_at, m.id`;
}

/** A row where the address is a member's who switched mails of the category off. */
export function findSwitchedOff(
  organizationId: string,
  category: string,
  email: string,
): Statement {
  return sql`SELECT u.id FROM notification_preferences p
    JOIN member m USING (organization_id, user_id)
    JOIN "user" u ON u.id = p.user_id
    WHERE p.organization_id = ${organizationId} AND p.category = ${category} AND NOT p.enabled
      AND lower(u.email) = lower(${email})`;
}

/**
 * Forgets what was told long ago. Its key goes with it: by then nothing tells of the same cause again.
 * Of conversions there are many, and each ends once.
 *
 * @param limit of conversions, and of all else; where fewer rows come back, nothing is left
 */
export function deleteOldAnnouncements(limit: number): Statement {
  return sql`DELETE FROM outbox b USING (
      (SELECT organization_id, id FROM outbox
       WHERE topic LIKE 'conversion.%' AND processed_at < now() - interval '1 day'
       ORDER BY processed_at LIMIT ${limit}::integer)
      UNION ALL
      (SELECT organization_id, id FROM outbox
       WHERE topic NOT LIKE 'conversion.%' AND processed_at < now() - interval '400 days'
       ORDER BY processed_at LIMIT ${limit}::integer)
    ) old
    WHERE b.organization_id = old.organization_id AND b.id = old.id
    RETURNING b.id`;
}
