import { isLoopback } from '@taas/service';
import { CliError } from '../exit-codes.js';
import type { Host } from '../host/host.js';
import type { Trust } from '../host/http.js';
import { isSettings, readCloudsFile, type Settings } from './clouds-file.js';
import type { Secrets } from './secrets.js';

/** Which cloud the caller means, and what the command line says of it. */
export interface CloudChoice {
  readonly osCloud?: string | undefined;
  readonly osRegionName?: string | undefined;
  readonly osInterface?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** Texts by openstacksdk's names for them: auth_url, username, password... */
export type AuthFacts = Readonly<Record<string, string>>;

export interface CloudConfig {
  /** For messages. */
  readonly from: string;
  readonly authType: AuthType;
  readonly auth: AuthFacts;
  readonly region: string | undefined;
  readonly interface: string;
  readonly endpointOverride: string | undefined;
  readonly trust: Trust;
}

export const authTypes = ['password', 'token', 'application_credential', 'admin_token', 'none'] as const;
export type AuthType = (typeof authTypes)[number];

/** What may stand in `auth` of clouds.yaml, and as OS_... in the environment. */
const authNames = [
  'auth_url',
  'username',
  'user_id',
  'password',
  'project_name',
  'project_id',
  'tenant_name',
  'tenant_id',
  'user_domain_name',
  'user_domain_id',
  'project_domain_name',
  'project_domain_id',
  'domain_name',
  'domain_id',
  'default_domain',
  'system_scope',
  'token',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
  'endpoint',
  'roles',
] as const;

/**
 * How the cloud is reached, from the command line, the environment and clouds.yaml.
 * @throws CliError usage or unauthenticated, saying what is missing
 */
export function cloudConfig(host: Host, choice: CloudChoice, secrets: Secrets): CloudConfig {
  const { from, settings, auth } = chosen(host, choice);
  secrets.add(auth['password'], auth['token'], auth['application_credential_secret']);
  const env = (name: string) => host.env[name] || undefined;
  const text = (name: string) => textOf(settings[name]);
  const region = choice.osRegionName ?? env('OS_REGION_NAME') ?? text('region_name');
  const side =
    choice.osInterface ??
    env('OS_INTERFACE') ??
    env('OS_ENDPOINT_TYPE') ??
    text('network_interface') ??
    text('interface') ??
    text('endpoint_type') ??
    'public';
  const endpointOverride =
    env('OS_NETWORK_ENDPOINT_OVERRIDE') ?? text('network_endpoint_override') ?? auth['endpoint'] ?? env('OS_ENDPOINT');
  return {
    from,
    auth,
    region,
    endpointOverride,
    interface: side.replace(/URL$/, ''),
    authType: authType(env('OS_AUTH_TYPE') ?? text('auth_type'), auth, from),
    trust: trust(host, choice, settings),
  };
}

function chosen(host: Host, { osCloud }: CloudChoice): { from: string; settings: Settings; auth: AuthFacts } {
  const name = osCloud ?? (host.env['OS_CLOUD'] || undefined);
  const ofEnvironment = authOf(
    Object.fromEntries(authNames.map((each) => [each, host.env[`OS_${each.toUpperCase()}`]])),
  );
  if (name === undefined && Object.keys(ofEnvironment).length > 0)
    return { from: 'the environment', settings: {}, auth: ofEnvironment };
  const file = readCloudsFile(host);
  const only = file && Object.keys(file.clouds).length === 1 ? Object.keys(file.clouds)[0] : undefined;
  const wanted = name ?? only;
  const cloud = wanted === undefined ? undefined : file?.clouds[wanted];
  if (cloud !== undefined) {
    const auth = authOf(isSettings(cloud['auth']) ? cloud['auth'] : {});
    return { from: `cloud ${wanted}`, settings: cloud, auth };
  }
  const known = Object.keys(file?.clouds ?? {}).join(', ');
  if (name !== undefined && file === null)
    throw new CliError('usage', `no clouds.yaml was found, so there is no cloud "${name}"`);
  if (name !== undefined) throw new CliError('usage', `${file?.path} has no cloud "${name}"; it has: ${known}`);
  throw new CliError(
    'unauthenticated',
    file === null
      ? 'no credentials: set OS_CLOUD with a clouds.yaml, or OS_AUTH_URL and the other OS_ variables'
      : `which cloud? --os-cloud or OS_CLOUD says it; ${file.path} has: ${known}`,
  );
}

function authOf(settings: Settings): AuthFacts {
  const known = authNames.flatMap((name) => {
    const value = textOf(settings[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const auth: Record<string, string> = Object.fromEntries(known);
  const { tenant_name, tenant_id, ...rest } = auth;
  const project_name = rest['project_name'] ?? tenant_name;
  const project_id = rest['project_id'] ?? tenant_id;
  return {
    ...rest,
    ...(project_name === undefined ? {} : { project_name }),
    ...(project_id === undefined ? {} : { project_id }),
  };
}

function authType(given: string | undefined, auth: AuthFacts, from: string): AuthType {
  if (given === undefined) {
    if (auth['application_credential_secret'] !== undefined) return 'application_credential';
    return auth['token'] !== undefined && auth['password'] === undefined ? 'token' : 'password';
  }
  const plain = given
    .replace(/^v3/, '')
    .replaceAll('-', '_')
    .replace(/^applicationcredential$/, 'application_credential');
  const known = authTypes.find((each) => each === plain);
  if (known === undefined)
    throw new CliError(
      'usage',
      `${from}: the command cannot do auth_type ${given}; it can do v3password, v3token, v3applicationcredential, admin_token and none`,
    );
  return known;
}

function trust(host: Host, { insecure }: CloudChoice, settings: Settings): Trust {
  const file = (path: string | undefined) => {
    if (path === undefined) return undefined;
    const text = host.files.read(path.replace(/^~(?=\/)/, host.home));
    if (text === null) throw new CliError('usage', `the file ${path} does not exist`);
    return text;
  };
  const ca = file(host.env['OS_CACERT'] || textOf(settings['cacert']));
  const cert = file(host.env['OS_CERT'] || textOf(settings['cert']));
  const key = file(host.env['OS_KEY'] || textOf(settings['key']));
  const unchecked =
    insecure === true ||
    isTrue(host.env['OS_INSECURE']) ||
    settings['verify'] === false ||
    settings['insecure'] === true;
  if (unchecked)
    host.terminal.err(
      'WARNING: certificates are not checked (insecure): whoever is in between can read your password and your token\n',
    );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(unchecked ? { insecure: true } : {}),
  };
}

const isTrue = (text: string | undefined) => /^(1|true|yes|on)$/i.test(text ?? '');

/** YAML reads `password: 1234` as a number. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Whether a token or a password would be sent in the clear to another machine. */
export function isExposed(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol !== 'https:' && !isLoopback(hostname);
}
