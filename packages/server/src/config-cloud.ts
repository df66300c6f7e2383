import { group, isInTheClear } from '@taas/service';
import Type, { type Static } from 'typebox';
import type { AuthConfig } from './auth/auth-options.js';

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

export type NeutronConfig = Static<typeof neutronOptions>;

/** What a schema cannot say of these options. */
export function cloudProblems({
  auth,
  neutron,
}: {
  readonly auth: AuthConfig;
  readonly neutron: NeutronConfig;
}): string[] {
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
