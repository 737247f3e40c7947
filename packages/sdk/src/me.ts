/** Who is signed in, and where they may go. */
export interface Me {
  object: 'me';
  user: { id: string; name: string; email: string };
  workspaces: { id: string; name: string; role: string }[];
  is_super_admin: boolean;
  /** The super admin who looks through this member's eyes. */
  impersonated_by: string | null;
}
