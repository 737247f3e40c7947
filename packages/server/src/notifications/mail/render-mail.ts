import type { Announcements, Topic } from '../topics.ts';
import { layOut, type MailContent, type RenderedMail } from './layout.ts';
import { accountTemplates } from './templates/account.ts';
import { paymentTemplates } from './templates/payment.ts';
import { serviceTemplates } from './templates/service.ts';
import { subscriptionTemplates } from './templates/subscription.ts';
import type { MailContext, Template } from './templates/template.ts';
import { usageTemplates } from './templates/usage.ts';
import { plainName } from './plain-text.ts';

const templates = {
  ...accountTemplates,
  ...usageTemplates,
  ...subscriptionTemplates,
  ...paymentTemplates,
  ...serviceTemplates,
};

export type MailTopic = keyof typeof templates;

export function isMailTopic(topic: string): topic is MailTopic {
  return Object.hasOwn(templates, topic);
}

/** Whether this announcement makes a mail: an invoice over nothing does not. */
export function makesMail<Name extends MailTopic>(
  topic: Name,
  payload: Announcements[Name],
  context: MailContext,
): boolean {
  return contentOf(topic, payload, context) !== null;
}

/**
 * A mail as it goes out.
 *
 * @param unsubscribeUrl null where the recipient cannot switch such mails off
 */
export function renderMail<Name extends MailTopic>(
  topic: Name,
  payload: Announcements[Name],
  context: MailContext,
  unsubscribeUrl: string | null,
): RenderedMail {
  const content = contentOf(topic, payload, context);
  if (content === null) throw new Error(`${topic} makes no mail`);
  return layOut(content, { why: whyOf(topic, context), unsubscribeUrl });
}

function contentOf<Name extends MailTopic>(
  topic: Name,
  payload: Announcements[Name],
  context: MailContext,
): MailContent | null {
  // One topic of many: TypeScript cannot see that template and payload belong together.
  const template = templates[topic] as unknown as Template<Topic>;
  const workspace = context.workspace === null ? null : plainName(context.workspace);
  return template(payload, { ...context, workspace });
}

function whyOf(topic: MailTopic, { workspace, publicUrl }: MailContext): string {
  if (topic.startsWith('auth.'))
    return `Sent by Mutate at ${publicUrl} since this address was given there.`;
  const name = workspace === null ? 'a workspace' : `the workspace “${plainName(workspace)}”`;
  return `Sent by Mutate at ${publicUrl} to those who look after ${name}.`;
}
