/** How a person proves who they are. */
export type LoginCredentials =
  | {
      readonly kind: 'password';
      readonly userName: string;
      readonly userDomainName: string;
      readonly password: string;
      /** Of a second factor (TOTP); null if none is given. */
      readonly passcode: string | null;
    }
  | { readonly kind: 'applicationCredential'; readonly id: string; readonly secret: string };

/**
 * The body of `POST /v3/auth/tokens`. A password's token is for nothing yet, so that its project can be chosen; that of an application
 * credential is for the credential's own project, always.
 */
export function loginRequest(who: LoginCredentials): unknown {
  if (who.kind === 'applicationCredential') {
    const { id, secret } = who;
    return { auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } } };
  }
  const user = { name: who.userName, domain: { name: who.userDomainName } };
  const { password, passcode } = who;
  const totp = passcode === null ? {} : { totp: { user: { ...user, passcode } } };
  const methods = passcode === null ? ['password'] : ['password', 'totp'];
  return { auth: { identity: { methods, password: { user: { ...user, password } }, ...totp }, scope: 'unscoped' } };
}

/** The body that makes of one token another, for a project. */
export function scopeRequest(token: string, projectId: string): unknown {
  return { auth: { identity: { methods: ['token'], token: { id: token } }, scope: { project: { id: projectId } } } };
}
