import type { Secrets } from '../../secrets.ts';

export interface Unsubscription {
  readonly organizationId: string;
  readonly userId: string;
  readonly category: string;
}

const purpose = 'unsubscribe';

/** Names whose mails of which category stop; good for that alone, and for as long as mails are kept. */
export function unsubscribeToken(secrets: Secrets, given: Unsubscription): string {
  const { organizationId, userId, category } = given;
  const text = `${organizationId}.${userId}.${category}`;
  return `${text}.${secrets.sign(purpose, text)}`;
}

/** Null: not one of ours. */
export function readUnsubscribeToken(secrets: Secrets, token: string): Unsubscription | null {
  const [organizationId = '', userId = '', category = '', signature = ''] = token.split('.');
  const isOurs = secrets.isSigned(purpose, `${organizationId}.${userId}.${category}`, signature);
  return isOurs && token.split('.').length === 4 ? { organizationId, userId, category } : null;
}
