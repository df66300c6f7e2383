import type { ServiceCredentials } from '@taas/keystone';
import { createPolicy, defaultRules, loadPolicyFile, type Policy } from '@taas/policy';
import {
  authoritiesSource,
  type Clock,
  ConfigError,
  type ConfigWatch,
  type FileSource,
  FileWatch,
  fixed,
  type KeyPair,
  keyPairSource,
  type Logger,
  secretSource,
  type Watched,
} from '@taas/service';
import type { KeystoneConfig } from './auth/auth-options.js';
import type { ServerConfig } from './config.js';

/** What the server reads from the files that its options name, as it is at each moment. */
export interface ServerFiles {
  readonly rules: Watched<Policy>;
  /** Undefined if the API speaks HTTP. */
  readonly tls: Watched<KeyPair> | undefined;
  /** The two below: undefined for the system's authorities. */
  readonly keystoneCa: Watched<Buffer> | undefined;
  readonly neutronCa: Watched<Buffer> | undefined;
  /** Undefined unless auth.mode is keystone. */
  readonly credentials: Watched<ServiceCredentials> | undefined;
}

/** Those files, and who looks at them and at the configuration itself. */
export interface OpenFiles extends ServerFiles {
  readonly watch: FileWatch;
  readonly config: ConfigWatch;
}

/**
 * For a server that nobody looks at files for.
 * @throws as {@link openServerFiles}
 */
export function readServerFiles(config: ServerConfig, clock: Clock, logger: Logger): OpenFiles {
  const source = 'the configuration';
  const watch = new FileWatch({ clock, logger, source });
  return { ...openServerFiles(config, watch, source, logger), watch, config: { restartFor: [] } };
}

/**
 * Reads the files, so that what is wrong with them is said at the start, all at once, and not by the first request; and
 * watches them from then on. No message holds anything of a secret's content.
 * @param source names the configuration in the error
 * @throws ConfigError naming each option whose file is of no use
 */
export function openServerFiles(config: ServerConfig, watch: FileWatch, source: string, logger: Logger): ServerFiles {
  const { listen, auth, neutron } = config;
  const problems: string[] = [];
  /** Goes on after an error, for the sake of the next one. */
  const opened = <T>(wanted: boolean, file: FileSource<T>): Watched<T> | undefined => {
    if (!wanted) return undefined;
    try {
      return watch.open(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const usesKeystone = auth.mode === 'keystone';
  const authorities = (option: string, path: string) =>
    opened(
      usesKeystone && path !== '',
      authoritiesSource(`the authorities of ${option.replace('.ca_file', '')}`, { option, path }),
    );
  const tls = opened(
    listen.tls_cert_file !== '',
    keyPairSource(
      "the API's certificate",
      { option: 'listen.tls_cert_file', path: listen.tls_cert_file },
      { option: 'listen.tls_key_file', path: listen.tls_key_file },
    ),
  );
  const fromFile = opened(auth.policy_file !== '', policySource(auth));
  const keystoneCa = authorities('auth.keystone.ca_file', auth.keystone.ca_file);
  const credentials = opened(usesKeystone, credentialsSource(auth.keystone));
  const neutronCa = authorities('neutron.ca_file', neutron.ca_file);
  if (problems.length > 0) throw new ConfigError(source, problems);
  const rules = fromFile ?? fixed(createPolicy({ defaults: defaultRules, enforceScope: auth.enforce_scope }));
  const warn = ({ warnings }: Policy): void => {
    for (const warning of warnings) logger.warn({ file: auth.policy_file }, warning);
  };
  warn(rules.current);
  rules.onChange(warn);
  return { rules, tls, keystoneCa, neutronCa, credentials };
}

function policySource({ policy_file: path, enforce_scope: enforceScope }: ServerConfig['auth']): FileSource<Policy> {
  return {
    what: 'the policy',
    files: [{ option: 'auth.policy_file', path }],
    read: ([content]) => {
      const overrides = loadPolicyFile(content?.toString('utf8') ?? '', path);
      return createPolicy({ defaults: defaultRules, overrides, enforceScope });
    },
  };
}

function credentialsSource(config: KeystoneConfig): FileSource<ServiceCredentials> {
  const byCredential = config.application_credential_id !== '';
  const file = byCredential
    ? {
        option: 'auth.keystone.application_credential_secret_file',
        path: config.application_credential_secret_file,
      }
    : { option: 'auth.keystone.password_file', path: config.password_file };
  const secret = secretSource("the service user's secret", file);
  return { ...secret, read: (contents) => credentialsOf(config, secret.read(contents)) };
}

function credentialsOf(config: KeystoneConfig, secret: string): ServiceCredentials {
  if (config.application_credential_id !== '')
    return { kind: 'applicationCredential', id: config.application_credential_id, secret };
  return {
    kind: 'password',
    userName: config.user_name,
    userDomainName: config.user_domain_name,
    password: secret,
    projectName: config.project_name,
    projectDomainName: config.project_domain_name,
  };
}
