import { group } from '@taas/service';
import Type, { type Static } from 'typebox';

/** How to reach Keystone, and who we are to it. */
const keystoneOptions = group(
  {
    url: Type.String({
      default: 'http://127.0.0.1:5000/v3',
      description: "Keystone's endpoint of version 3, as this server reaches it.",
    }),
    ca_file: Type.String({ default: '', description: "PEM of the authorities to trust; empty for the system's." }),
    user_name: Type.String({ default: '', description: 'The service user, with the role service or admin.' }),
    user_domain_name: Type.String({ default: 'Default', description: "The service user's domain." }),
    password_file: Type.String({ default: '', description: 'File with nothing but the password in it.' }),
    project_name: Type.String({ default: 'service', description: "The service user's project." }),
    project_domain_name: Type.String({ default: 'Default', description: "That project's domain." }),
    application_credential_id: Type.String({
      default: '',
      description: 'Instead of user and password: an application credential.',
    }),
    application_credential_secret_file: Type.String({
      default: '',
      description: 'File with nothing but its secret in it.',
    }),
    token_cache_ms: Type.Integer({
      default: 60_000,
      minimum: 0,
      maximum: 3_600_000,
      description: 'How long after its check a token is believed: the bound on noticing a revocation, in milliseconds.',
    }),
    token_cache_size: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Tokens remembered, the latest used.',
    }),
    timeout_ms: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 120_000,
      description: 'Time for Keystone to answer, in milliseconds.',
    }),
  },
  'Keystone, for auth.mode keystone.',
);

/** Who may do what, and who says so. */
export const authOptions = group(
  {
    mode: Type.Enum(['closed', 'development', 'keystone'], {
      default: 'closed',
      description:
        'closed: every request is answered 401. keystone: tokens are validated by Keystone. development: callers are ' +
        'believed (X-Project-Id, X-User-Id, X-Roles); only on a loopback address, never in production.',
    }),
    www_authenticate_uri: Type.String({
      default: 'http://127.0.0.1:5000',
      description: "Keystone's public URI, told to callers in the WWW-Authenticate header of a 401.",
    }),
    keystone: keystoneOptions,
    policy_file: Type.String({
      default: '',
      description: "policy.yaml in oslo.policy's language, over upstream's default rules; empty for those alone.",
    }),
    enforce_scope: Type.Boolean({
      default: true,
      description: 'Refuse tokens of a scope that a rule is not for, such as the system scope.',
    }),
  },
  'Who may do what.',
);

export type AuthConfig = Static<typeof authOptions>;
export type KeystoneConfig = AuthConfig['keystone'];
