import type { CallOptions, HttpClient } from './http.ts';

/** `second_factor`: the password was right, and a code is due. */
export type SignInResult = 'signed_in' | 'second_factor';

/** What the server takes as a new password, in characters. */
export const passwordLength = { min: 10, max: 128 } as const;

/** For an authenticator app, and what is left without it. */
export interface SecondFactor {
  totpURI: string;
  backupCodes: string[];
}

/** One place where somebody is signed in. */
export interface LoginSession {
  id: string;
  object: 'session';
  /** Whether it is the one that asks. */
  current: boolean;
  ip_address: string | null;
  user_agent: string | null;
  created_at: string;
  expires_at: string;
}

/**
 * Signing up, in and out, for programs that run in a browser: the session is a cookie that scripts
 * cannot read. Every method throws `MutateError`; `extras.reason` names the case.
 */
export class Login {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /**
   * Sends a mail with a link, which leads to `callbackURL`; the same for an address that is known. With
   * the token of an invitation to the address none is needed: what follows is signing in.
   */
  signUp(input: {
    name: string;
    email: string;
    password: string;
    callbackURL?: string;
    invitationToken?: string | undefined;
  }) {
    return this.#post('sign-up/email', input);
  }

  /** The link again. */
  sendVerification(input: { email: string; callbackURL?: string }) {
    return this.#post('send-verification-email', input);
  }

  /**
   * What the page does that the link leads to in another browser than the one that signed up: the
   * password that was chosen there is worth nothing, this one is set, and the browser is signed in.
   */
  confirmAddress(input: { newPassword: string; token: string }) {
    return this.#post('confirm-address', input);
  }

  async signIn(input: { email: string; password: string; rememberMe?: boolean }) {
    const reply = await this.#post<{ twoFactorRedirect?: boolean }>('sign-in/email', input);
    const result: SignInResult = reply.twoFactorRedirect === true ? 'second_factor' : 'signed_in';
    return result;
  }

  /** The second step of signing in, and the first proof after `enableSecondFactor`. */
  verifyCode(code: string) {
    return this.#post('two-factor/verify-totp', { code });
  }

  verifyBackupCode(code: string) {
    return this.#post('two-factor/verify-backup-code', { code });
  }

  signOut() {
    return this.#post('sign-out', {});
  }

  /** Sends a mail with a link, if there is such an account. */
  requestPasswordReset(email: string) {
    return this.#post('request-password-reset', { email });
  }

  /** With the token of the mail's link. Ends every session. */
  resetPassword(input: { newPassword: string; token: string }) {
    return this.#post('reset-password', input);
  }

  changePassword(input: {
    currentPassword: string;
    newPassword: string;
    revokeOtherSessions?: boolean;
  }) {
    return this.#post('change-password', input);
  }

  /** A mail to the old address, whose link sends one to the new; it counts once that is opened. */
  changeEmail(input: { newEmail: string; callbackURL?: string }) {
    return this.#post('change-email', input);
  }

  changeName(name: string) {
    return this.#post('update-user', { name });
  }

  /** On once a first code was verified. */
  enableSecondFactor(password: string): Promise<SecondFactor> {
    return this.#post<SecondFactor>('two-factor/enable', { password });
  }

  disableSecondFactor(password: string) {
    return this.#post('two-factor/disable', { password });
  }

  /** A super admin acts as a user, for half an hour. */
  impersonate(userId: string) {
    return this.#post('admin/impersonate-user', { userId });
  }

  stopImpersonating() {
    return this.#post('admin/stop-impersonating', {});
  }

  /** For good, and by a session that is at most ten minutes old. */
  async deleteAccount(): Promise<void> {
    await this.#http.nothing({ method: 'DELETE', path: '/v1/me', goneStatus: 401 });
  }

  async sessions(options: CallOptions = {}): Promise<LoginSession[]> {
    const list = await this.#http.json<{ data: LoginSession[] }>({
      method: 'GET',
      path: '/v1/me/sessions',
      ...options,
    });
    return list.data;
  }

  async endSession(id: string): Promise<void> {
    const path = `/v1/me/sessions/${encodeURIComponent(id)}`;
    await this.#http.nothing({ method: 'DELETE', path });
  }

  async endOtherSessions(): Promise<void> {
    await this.#http.nothing({ method: 'DELETE', path: '/v1/me/sessions' });
  }

  #post<T = unknown>(name: string, json: object): Promise<T> {
    return this.#http.json<T>({ method: 'POST', path: `/api/auth/${name}`, json });
  }
}
