/** Who is signed in, and where they may go. */
export interface Me {
  object: 'me';
  user: {
    id: string;
    object: 'user';
    name: string;
    email: string;
    email_verified: boolean;
    two_factor_enabled: boolean;
    created_at: string;
  };
  session_id: string;
  /** Oldest membership first. */
  workspaces: Membership[];
  is_super_admin: boolean;
  /** A super admin who has to set up a second factor, or sign in with it, before acting as one. */
  second_factor_missing: boolean;
  /** The super admin who acts as this user. */
  impersonated_by: string | null;
}

/** A workspace that somebody is a member of. */
export interface Membership {
  id: string;
  object: 'workspace';
  name: string;
  plan_id: string;
  suspended: boolean;
  role: Role;
  member_id: string;
}

export type Role = 'owner' | 'admin' | 'billing' | 'member';
