import type { Invitation, Member, Mutate, Role } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { formatTable } from '../format.ts';
import { show } from '../show.ts';

const roles: readonly Role[] = ['owner', 'admin', 'billing', 'member'];

/** How many arguments each verb takes, and which. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = {
  list: [],
  invite: ['EMAIL'],
  role: ['MEMBER', 'ROLE'],
  remove: ['MEMBER'],
};

/** `mutate members`: who belongs to the workspace, and who is asked to. */
export const membersCommand: Command = {
  name: 'members',
  summary: 'who belongs to the workspace, and who is invited',
  help: `mutate members [--json]
mutate members invite EMAIL [--role ROLE]
mutate members role MEMBER ROLE
mutate members remove MEMBER

Lists the members, then the open invitations; that needs a key with the scope keys:write. Who belongs to
a workspace is for people: the other three are refused to its API keys. Owners and admins do it in the
dashboard; here the operator's key may, with --workspace. "remove" also takes an invitation back.

  --role ROLE        ${roles.join(', ')}; member unless said otherwise
  --json             the server's answer as JSON

${connectionHelp}`,
  options: { ...connectionOptions, role: { type: 'string' } },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [verb = 'list', ...given] = positionals;
  const wanted = Object.hasOwn(argumentsOf, verb) ? argumentsOf[verb] : undefined;
  if (wanted === undefined) throw new UsageError(`There is no "mutate members ${verb}".`);
  if (given.length !== wanted.length) {
    throw new UsageError(`mutate members ${verb} takes ${wanted.join(' and ') || 'no argument'}.`);
  }
  if (flags['role'] !== undefined && verb !== 'invite') {
    throw new UsageError('--role belongs to "mutate members invite".');
  }
  const [subject = '', role = 'member'] = given;
  const client = connect(flags, io.env);
  switch (verb) {
    case 'invite': {
      const input = { email: subject, role: asRole(textFlag(flags, 'role') ?? 'member') };
      return show(invocation, await client.invitations.create(input), describeInvitation);
    }
    case 'role': {
      const changed = await client.members.update(subject, { role: asRole(role) });
      return show(invocation, changed, (member) => formatTable([rowOfMember(member)]));
    }
    case 'remove':
      return remove(client, invocation, subject);
    default:
      return list(client, invocation);
  }
}

function asRole(text: string): Role {
  const role = roles.find((one) => one === text);
  if (role === undefined) throw new UsageError(`A role is ${roles.join(', ')}; got "${text}".`);
  return role;
}

async function list(client: Mutate, invocation: Invocation): Promise<number> {
  const members: Member[] = [];
  const invitations: Invitation[] = [];
  for await (const member of client.members.list()) members.push(member);
  for await (const invitation of client.invitations.list()) invitations.push(invitation);
  return show(invocation, { members, invitations }, () => {
    const rows = [...members.map(rowOfMember), ...invitations.map(rowOfInvitation)];
    return rows.length === 0 ? 'Nobody is a member.\n' : formatTable(rows);
  });
}

async function remove(client: Mutate, invocation: Invocation, id: string): Promise<number> {
  const isInvitation = id.startsWith('ivt_');
  await (isInvitation ? client.invitations.delete(id) : client.members.delete(id));
  const what = isInvitation ? 'is taken back' : 'is no longer a member';
  return show(invocation, { id, deleted: true }, () => `${printable(id)} ${what}.\n`);
}

function rowOfMember({ id, role, email, name }: Member): string[] {
  return [id, role, email, name].map(printable);
}

function rowOfInvitation({ id, role, email, status, expires_at: until }: Invitation): string[] {
  const state =
    status === 'pending' ? `invited, until ${until.slice(0, 10)}` : 'invitation expired';
  return [id, role, email, state].map(printable);
}

function describeInvitation({ id, email, role, expires_at: until }: Invitation): string {
  const words = `${printable(email)} is invited as ${role} until ${until.slice(0, 10)} (${id}).`;
  return `${words}\n`;
}
