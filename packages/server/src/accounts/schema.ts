import { z } from 'zod';
import { roles } from '../http/role.ts';
import { displayText } from '../organizations/schema.ts';
import { passwordLength } from './password.ts';

const email = z.email('must be a mail address').max(254);
const newPassword = z
  .string()
  .min(passwordLength.min, `must have at least ${passwordLength.min} characters`)
  .max(passwordLength.max, `must have at most ${passwordLength.max} characters`);
const password = z.string().min(1).max(passwordLength.max);
const code = z.string().min(1).max(64);
/** Where a link of a mail leads afterwards. */
export const callbackURL = z
  .string()
  .max(200)
  .regex(/^\/(?![/\\])[\w/?=&.%-]*$/, 'must be a path of this server such as "/welcome"')
  .optional();

/** What `/api/auth` takes: the bodies of better-auth's routes, as far as we offer them. */
export const authBodies = {
  signUp: z.strictObject({
    name: displayText(100),
    email,
    password: newPassword,
    callbackURL,
    rememberMe: z.boolean().optional(),
    /** Of an invitation's link: it proves the address, so no mail is sent. */
    invitationToken: z.string().min(1).max(100).optional(),
  }),
  signIn: z.strictObject({ email, password, callbackURL, rememberMe: z.boolean().optional() }),
  requestReset: z.strictObject({ email }),
  reset: z.strictObject({ newPassword, token: z.string().min(1).max(200) }),
  confirm: z.strictObject({ newPassword, token: z.string().min(1).max(2000) }),
  sendVerification: z.strictObject({ email, callbackURL }),
  changePassword: z.strictObject({
    currentPassword: password,
    newPassword,
    revokeOtherSessions: z.boolean().optional(),
  }),
  changeEmail: z.strictObject({ newEmail: email, callbackURL }),
  updateUser: z.strictObject({ name: displayText(100) }),
  password: z.strictObject({ password }),
  code: z.strictObject({ code }),
  impersonate: z.strictObject({ userId: z.string().min(1).max(64) }),
  nothing: z.strictObject({}).optional(),
} as const;

const membershipSchema = z.object({
  id: z.string(),
  object: z.literal('workspace'),
  name: z.string(),
  plan_id: z.string(),
  suspended: z.boolean(),
  role: z.enum(roles),
  member_id: z.string(),
});

/** Who is signed in. */
export const meSchema = z
  .object({
    object: z.literal('me'),
    user: z.object({
      id: z.string(),
      object: z.literal('user'),
      name: z.string(),
      email: z.string(),
      email_verified: z.boolean(),
      two_factor_enabled: z.boolean(),
      created_at: z.string(),
    }),
    session_id: z.string(),
    /** Where they are a member, oldest membership first. */
    workspaces: z.array(membershipSchema),
    is_super_admin: z.boolean(),
    /** A super admin who has to set up a second factor, or sign in with it, before acting as one. */
    second_factor_missing: z.boolean(),
    /** The super admin who acts as this user. */
    impersonated_by: z.string().nullable(),
  })
  .meta({ id: 'Me' });

export type Me = z.infer<typeof meSchema>;

export const sessionSchema = z
  .object({
    id: z.string(),
    object: z.literal('session'),
    /** Whether it is the one that asks. */
    current: z.boolean(),
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: z.string(),
    expires_at: z.string(),
  })
  .meta({ id: 'Session' });

export type LoginSession = z.infer<typeof sessionSchema>;

export const sessionListSchema = z.object({
  object: z.literal('list'),
  data: z.array(sessionSchema),
});
