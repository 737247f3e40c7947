import type { MailContent } from '../layout.ts';
import { formatTime } from '../formats.ts';
import { plainName } from '../plain-text.ts';
import { hiddenLink, type MailContext, type Templates } from './template.ts';

const changes = {
  password: 'Your password was changed',
  second_factor_on: 'The second factor was turned on',
  second_factor_off: 'The second factor was turned off',
} as const;

/** To one person, most with a link that is good once. */
export const accountTemplates: Templates<
  | 'auth.email_verification'
  | 'auth.email_change'
  | 'auth.password_reset'
  | 'auth.login_changed'
  | 'auth.invitation'
> = {
  'auth.email_verification': (payload, context) => ({
    subject: 'Confirm your e-mail address',
    paragraphs: [
      greet(payload.name),
      'Confirm that this address is yours, and your Mutate account is ready.',
    ],
    action: { label: 'Confirm address', url: context.link ?? hiddenLink },
    note: validUntil(
      payload.expires_at,
      context,
      'In another browser than the one that asked for it, it wants a password or a sign-in first. If ' +
        'you did not ask for it, ignore this mail.',
    ),
  }),
  'auth.email_change': (payload, context) => ({
    subject: 'Another address for your account',
    paragraphs: [
      greet(payload.name),
      `Somebody who is signed in as you wants ${payload.new_email ?? 'another address'} to be the ` +
        'address of your Mutate account. Nothing changes unless you agree.',
    ],
    action: { label: 'Change the address', url: context.link ?? hiddenLink },
    note: validUntil(
      payload.expires_at,
      context,
      'If it was not you, do not open it: choose a new password, which ends all sessions.',
    ),
  }),
  'auth.password_reset': (payload, context) => ({
    subject: 'Choose a new password',
    paragraphs: [greet(payload.name), 'Somebody asked for a new password for your Mutate account.'],
    action: { label: 'Choose a password', url: context.link ?? hiddenLink },
    note: validUntil(
      payload.expires_at,
      context,
      'If it was not you, ignore this mail: your password stays as it is.',
    ),
  }),
  'auth.login_changed': ({ name, change, changed_at: at }, { timeZone, publicUrl }) => ({
    subject: changes[change],
    paragraphs: [
      greet(name),
      `${changes[change]}, for your Mutate account, on ${formatTime(at, timeZone)}. If it was you, ` +
        'there is nothing to do.',
    ],
    action: { label: 'It was not me: choose a new password', url: `${publicUrl}/forgot-password` },
    note: 'A new password ends all sessions, and every link that was mailed to you before.',
  }),
  'auth.invitation': (payload, context): MailContent => {
    const workspace = plainName(payload.workspace_name ?? context.workspace ?? 'a workspace');
    const by =
      payload.invited_by === undefined ? 'You are' : `${plainName(payload.invited_by)} has`;
    const invites = payload.invited_by === undefined ? 'invited' : 'invited you';
    const role = payload.role === undefined ? '' : ` as ${plainName(payload.role)}`;
    return {
      subject: `Join ${workspace} on Mutate`,
      paragraphs: [greet(payload.name), `${by} ${invites} to the workspace “${workspace}”${role}.`],
      action: { label: 'Accept the invitation', url: context.link ?? hiddenLink },
      note: validUntil(
        payload.expires_at,
        context,
        'If you signed up before and did not confirm your address, choose your password anew. If ' +
          'you do not know what this is about, ignore this mail.',
      ),
    };
  },
};

function greet(name: string | null): string {
  const plain = plainName(name ?? '');
  return plain === '' ? 'Hello,' : `Hello ${plain},`;
}

function validUntil(expiresAt: string, { timeZone }: MailContext, otherwise: string): string {
  return `The link works once, until ${formatTime(expiresAt, timeZone)}. ${otherwise}`;
}
