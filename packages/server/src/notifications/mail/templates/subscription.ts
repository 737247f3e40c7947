import type { Announcements } from '../../topics.ts';
import { formatTime } from '../formats.ts';
import { plainName } from '../plain-text.ts';
import type { MailContext, Templates } from './template.ts';

type Change = Announcements['subscription.changed'];

export const subscriptionTemplates: Templates<'subscription.changed' | 'subscription.ending'> = {
  'subscription.changed': (payload, context) => ({
    subject: `${context.workspace}: ${headlineOf(payload)}`,
    paragraphs: [sentenceOf(payload, context)],
    facts: [
      ['Plan', plainName(payload.plan_name)],
      ...(payload.interval === null ? [] : ([['Billed', `every ${payload.interval}`]] as const)),
      ['Effective', formatTime(payload.effective_at, context.timeZone)],
    ],
    action: { label: 'See the subscription', url: `${context.workspaceUrl}/billing` },
  }),
  'subscription.ending': (payload, context) => ({
    subject: `${context.workspace}: the subscription ends soon`,
    paragraphs: [
      `The subscription to ${plainName(payload.plan_name)} ends ` +
        `${formatTime(payload.ends_at, context.timeZone)}. From then on the Free plan's limits hold.`,
      'Until then it can be resumed, and nothing is interrupted.',
    ],
    action: { label: 'Resume', url: `${context.workspaceUrl}/billing` },
  }),
};

function headlineOf({ change, plan_name: planName }: Change): string {
  const plan = plainName(planName);
  switch (change) {
    case 'subscribed':
      return `subscribed to ${plan}`;
    case 'upgraded':
    case 'downgraded':
    case 'plan_assigned':
    case 'plan_moved':
      return `the plan is now ${plan}`;
    case 'change_scheduled':
      return `the plan will change to ${plan}`;
    case 'change_undone':
      return `the plan stays ${plan}`;
    case 'cancel_scheduled':
      return 'the subscription will end';
    case 'resumed':
      return 'the subscription goes on';
    case 'cancelled':
      return 'the subscription has ended';
  }
}

function sentenceOf(
  { change, plan_name: planName, effective_at: at }: Change,
  context: MailContext,
) {
  const plan = plainName(planName);
  const time = formatTime(at, context.timeZone);
  switch (change) {
    case 'subscribed':
      return `Thank you. ${context.workspace} is on ${plan} from now on.`;
    case 'upgraded':
      return `${context.workspace} has moved up to ${plan}. Its limits hold at once; what was used stays used.`;
    case 'downgraded':
      return `${context.workspace} has moved to ${plan}. Its limits hold from now on.`;
    case 'plan_assigned':
      return `The operator has put ${context.workspace} on ${plan}.`;
    case 'plan_moved':
      return `${context.workspace} is on the present version of ${plan}.`;
    case 'change_scheduled':
      return `${context.workspace} changes to ${plan} ${time}. Until then nothing changes, and it can be undone.`;
    case 'change_undone':
      return `The change that was planned is undone: ${context.workspace} stays on ${plan}.`;
    case 'cancel_scheduled':
      return `The subscription to ${plan} ends ${time}. Until then it can be resumed.`;
    case 'resumed':
      return `The subscription to ${plan} goes on, as if nothing had been said.`;
    case 'cancelled':
      return `The subscription has ended. ${context.workspace} is on the limits of ${plan} now.`;
  }
}
