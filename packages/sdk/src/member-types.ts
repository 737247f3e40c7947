import type { Role } from './me.ts';

export interface Member {
  id: string;
  object: 'member';
  workspace_id: string;
  user_id: string;
  name: string;
  email: string;
  role: Role;
  created_at: string;
}

export interface Invitation {
  id: string;
  object: 'invitation';
  workspace_id: string;
  email: string;
  role: Role;
  status: 'pending' | 'expired';
  invited_by: { kind: string; id: string };
  created_at: string;
  sent_at: string;
  expires_at: string;
}

/** What the link of an invitation shows to whoever holds it. */
export interface OpenInvitation {
  object: 'invitation';
  workspace_name: string;
  email: string;
  role: Role;
  expires_at: string;
}
