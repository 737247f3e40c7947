import { formatTime } from '../formats.ts';
import { plainName } from '../plain-text.ts';
import type { Templates } from './template.ts';

type ServiceTopic = 'webhook_endpoint.disabled' | 'workspace.suspended' | 'workspace.reactivated';

/** What keeps a workspace from working; nobody can switch these off. */
export const serviceTemplates: Templates<ServiceTopic> = {
  'webhook_endpoint.disabled': (payload, context) => ({
    subject: `${context.workspace}: a webhook endpoint was switched off`,
    paragraphs: [
      payload.reason === 'gone'
        ? 'It answered 410 Gone, which says that it wants nothing more.'
        : 'It has failed for days, and no event has reached it since' +
          `${payload.failing_since === null ? '' : ` ${formatTime(payload.failing_since, context.timeZone)}`}.`,
      'Nothing is sent to it until it is switched on again. What it missed is in its log of ' +
        'deliveries and can be sent again from there.',
    ],
    facts: [['Endpoint', hostOf(payload.url)]],
    action: {
      label: 'See the endpoint',
      url: `${context.workspaceUrl}/webhooks/${payload.endpoint_id}`,
    },
  }),
  'workspace.suspended': (payload, context) => ({
    subject: `${context.workspace} is suspended`,
    paragraphs: [
      'The operator has suspended the workspace: new conversions are refused. Files and usage can ' +
        'still be read.',
    ],
    facts: [['Reason', plainName(payload.reason)]],
  }),
  'workspace.reactivated': (_payload, context) => ({
    subject: `${context.workspace} is active again`,
    paragraphs: ['The suspension has ended: conversions are taken as before.'],
  }),
};

/** A URL may hold a token in its path; its host says which one is meant. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : plainName(url);
}
