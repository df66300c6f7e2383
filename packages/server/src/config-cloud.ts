import { group, isInTheClear, options } from '@taas/service';
import Type, { type Static } from 'typebox';

/** How to reach Keystone, and who we are to it. */
export const keystoneOptions = group(
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

/** How to reach Neutron, and what to ask it. */
export const neutronOptions = group(
  {
    url: Type.String({
      default: '',
      description:
        "Neutron's endpoint without /v2.0, such as http://neutron.example:9696. With it, ports are checked with the " +
        "caller's token and followed with ours. Needed in auth.mode keystone; in development mode there is none, and ports " +
        'are those that networking-vpp has bound, whoever owns them.',
    }),
    ca_file: Type.String({ default: '', description: "PEM of the authorities to trust; empty for the system's." }),
    pass_through: Type.Boolean({
      default: true,
      description: 'Pass everything that is not TaaS on to Neutron, so that this server can be its endpoint.',
    }),
    poll_ms: Type.Integer({
      default: 10_000,
      minimum: 500,
      maximum: 600_000,
      description: 'Time between two polls of the ports that have taps, in milliseconds.',
    }),
    vlan_keep_ms: Type.Integer({
      default: 600_000,
      minimum: 0,
      maximum: 86_400_000,
      description:
        'How long copies that travel by VLAN go on while Neutron cannot say that this is safe, after it last did, in ' +
        'milliseconds. None begin meanwhile.',
    }),
    port_cache_ms: Type.Integer({
      default: 5_000,
      minimum: 0,
      maximum: 300_000,
      description:
        "How long Neutron's answer about a port is believed for the same token, in milliseconds; 0 to ask always.",
    }),
    timeout_ms: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 120_000,
      description: 'Time for Neutron to answer about a port, in milliseconds.',
    }),
    silence_ms: Type.Integer({
      default: 60_000,
      minimum: 1_000,
      maximum: 3_600_000,
      description: 'How long Neutron may be silent in a request that is passed on, in milliseconds.',
    }),
  },
  'Neutron behind this server.',
);

const cloud = options({ auth: options({ mode: Type.String(), keystone: keystoneOptions }), neutron: neutronOptions });
export type KeystoneConfig = Static<typeof keystoneOptions>;
export type NeutronConfig = Static<typeof neutronOptions>;

/** What a schema cannot say of these options. */
export function cloudProblems({ auth, neutron }: Static<typeof cloud>): string[] {
  const found: string[] = [];
  if (neutron.url !== '') {
    if (!isUrl(neutron.url)) found.push(`option "neutron.url": "${neutron.url}" is no http or https URL`);
    if (auth.mode === 'closed') found.push('option "neutron.url": needs auth.mode keystone');
    if (auth.mode === 'development')
      found.push('option "neutron.url": callers have no tokens in auth.mode development');
  }
  if (auth.mode !== 'keystone') return found;
  if (neutron.url === '') {
    found.push(
      'option "neutron.url": auth.mode keystone needs it, since nobody but Neutron says whose a port is: without it ' +
        'anybody could tap any port',
    );
  }
  const { keystone } = auth;
  if (!isUrl(keystone.url)) found.push(`option "auth.keystone.url": "${keystone.url}" is no http or https URL`);
  else if (isInTheClear(keystone.url))
    found.push(
      `option "auth.keystone.url": our secret and the callers' tokens would go to ${keystone.url} in the clear; use https, or a Keystone on a loopback address`,
    );
  const byUser = keystone.user_name !== '' && keystone.password_file !== '';
  const byCredential = keystone.application_credential_id !== '' && keystone.application_credential_secret_file !== '';
  if (byUser === byCredential) {
    found.push(
      'option "auth.keystone": needs either user_name and password_file, or application_credential_id and ' +
        'application_credential_secret_file',
    );
  }
  return found;
}

/** What is allowed and not safe, for the log at the start. */
export function cloudWarnings({ neutron }: { readonly neutron: NeutronConfig }): string[] {
  return neutron.url !== '' && isInTheClear(neutron.url)
    ? [`neutron.url: callers' tokens go to ${neutron.url} in the clear; use https`]
    : [];
}

function isUrl(text: string): boolean {
  try {
    const { protocol } = new URL(text);
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}
