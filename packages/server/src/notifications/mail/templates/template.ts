import type { Announcements, Topic } from '../../topics.ts';
import type { MailContent } from '../layout.ts';

/** What a template knows besides the announcement. */
export interface MailContext {
  /** As its people named it, made plain; null: of no workspace. */
  readonly workspace: string | null;
  /** An IANA name. */
  readonly timeZone: string;
  /** Where people open the product, without a slash at its end. */
  readonly publicUrl: string;
  /** The same for the workspace's pages. */
  readonly workspaceUrl: string;
  /** Of a mail with a link that is good once; null where it is not to be shown. */
  readonly link: string | null;
}

/** Null: nobody needs a mail about it. */
export type Template<Name extends Topic> = (
  payload: Announcements[Name],
  context: MailContext,
) => MailContent | null;

export type Templates<Name extends Topic> = { readonly [Key in Name]: Template<Key> };

/** What stands in a link's place where it must not be shown. */
export const hiddenLink = '(the link is not shown)';
