import { listOf, listQuery } from '../http/list.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { acceptInvitation, openInvitation } from './accept-invitation.ts';
import {
  createInvitation,
  type InvitationDeps,
  listInvitations,
  resendInvitation,
  revokeInvitation,
} from './invitations.ts';
import {
  createInvitationSchema,
  deletedInvitationSchema,
  deletedMemberSchema,
  invitationSchema,
  memberSchema,
  openInvitationSchema,
  updateMemberSchema,
} from './member-schema.ts';
import { changeRole, listMembers, removeMember } from './members.ts';

/** A key with the scope sees members and invitations; to change them is for people (grants.ts). */
const access = { kind: 'workspace', scope: 'keys:write' } as const;
const tag = 'Members';

const listMembersRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/members',
  operationId: 'listMembers',
  summary: "The workspace's members",
  tag,
  access,
  query: listQuery,
  responses: { 200: listOf(memberSchema) },
  errors: [],
  handler: ({ ctx, query }) => listMembers(ctx, query),
});

const updateMemberRoute = defineRoute({
  method: 'PATCH',
  url: '/v1/workspaces/:workspaceId/members/:memberId',
  operationId: 'updateMember',
  summary: 'Give a member another role',
  description: 'Only owners make or unmake an owner. The last one stays: 409.',
  tag,
  access,
  body: updateMemberSchema,
  responses: { 200: memberSchema },
  errors: ['not_found', 'conflict'],
  handler: ({ ctx, params, body }) => changeRole(ctx, params.memberId, body.role),
});

const removeMemberRoute = defineRoute({
  method: 'DELETE',
  url: '/v1/workspaces/:workspaceId/members/:memberId',
  operationId: 'removeMember',
  summary: 'Take a member out, or leave',
  description:
    'Every member may leave; the last owner may not (409). API keys that they made stay: see ' +
    '`created_by` of the keys.',
  tag,
  access,
  responses: { 200: deletedMemberSchema },
  errors: ['not_found', 'conflict'],
  handler: ({ ctx, params }) => removeMember(ctx, params.memberId),
});

const listInvitationsRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/invitations',
  operationId: 'listInvitations',
  summary: 'Invitations that were not accepted',
  tag,
  access,
  query: listQuery,
  responses: { 200: listOf(invitationSchema) },
  errors: [],
  handler: ({ ctx, query }) => listInvitations(ctx, query),
});

const revokeInvitationRoute = defineRoute({
  method: 'DELETE',
  url: '/v1/workspaces/:workspaceId/invitations/:invitationId',
  operationId: 'revokeInvitation',
  summary: 'Take an invitation back',
  tag,
  access,
  responses: { 200: deletedInvitationSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => revokeInvitation(ctx, params.invitationId),
});

const openInvitationRoute = defineRoute({
  method: 'GET',
  url: '/v1/invitations/:token',
  operationId: 'openInvitation',
  summary: 'What an invitation is for',
  tag,
  access: { kind: 'public' },
  responses: { 200: openInvitationSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => openInvitation(ctx, params.token),
});

const acceptInvitationRoute = defineRoute({
  method: 'POST',
  url: '/v1/invitations/:token/accept',
  operationId: 'acceptInvitation',
  summary: 'Join a workspace',
  description: 'By somebody who is signed in with the address that the invitation was sent to.',
  tag,
  access: { kind: 'any_caller' },
  // The token would be kept with the key.
  idempotency: false,
  responses: { 200: memberSchema },
  errors: ['not_found', 'forbidden'],
  handler: ({ ctx, caller, params }) => acceptInvitation(ctx, caller, params.token),
});

/** Members, and how they become members. */
export function memberRoutes(deps: InvitationDeps): Route[] {
  const createInvitationRoute = defineRoute({
    method: 'POST',
    url: '/v1/workspaces/:workspaceId/invitations',
    operationId: 'createInvitation',
    summary: 'Invite somebody by mail',
    description: 'The link is good for seven days, and for a user with this address only.',
    tag,
    access,
    body: createInvitationSchema,
    responses: { 201: invitationSchema },
    errors: ['conflict'],
    handler: ({ ctx, body }) => createInvitation(deps, ctx, body),
  });
  const resendInvitationRoute = defineRoute({
    method: 'POST',
    url: '/v1/workspaces/:workspaceId/invitations/:invitationId/resend',
    operationId: 'resendInvitation',
    summary: 'Send another link',
    description: 'The link before is worth nothing then. Once a minute.',
    tag,
    access,
    responses: { 200: invitationSchema },
    errors: ['not_found', 'conflict'],
    handler: ({ ctx, params }) => resendInvitation(deps, ctx, params.invitationId),
  });
  return [
    listMembersRoute,
    updateMemberRoute,
    removeMemberRoute,
    createInvitationRoute,
    listInvitationsRoute,
    resendInvitationRoute,
    revokeInvitationRoute,
    openInvitationRoute,
    acceptInvitationRoute,
  ];
}
