import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '@taas/service';
import type { ServerConfig } from './config.js';

/**
 * Looks into the files that the options name, so that what is wrong with them is said at the start, all at once, and not
 * by the first request. No message holds anything of a file's content.
 * @param source names the configuration in the error
 * @throws ConfigError naming each option whose file is of no use
 */
export function checkServerFiles(config: ServerConfig, source: string): ServerConfig {
  const { listen, auth, neutron } = config;
  const usesKeystone = auth.mode === 'keystone';
  const problems = [
    ...certificateProblem('listen.tls_cert_file', listen.tls_cert_file),
    ...contentProblem('listen.tls_key_file', listen.tls_key_file),
    ...contentProblem('auth.policy_file', auth.policy_file, true),
    ...(usesKeystone
      ? [
          ...certificateProblem('auth.keystone.ca_file', auth.keystone.ca_file),
          ...contentProblem('auth.keystone.password_file', auth.keystone.password_file),
          ...contentProblem(
            'auth.keystone.application_credential_secret_file',
            auth.keystone.application_credential_secret_file,
          ),
          ...certificateProblem('neutron.ca_file', neutron.ca_file),
        ]
      : []),
  ];
  const all = problems.length > 0 ? problems : pairProblem(listen);
  if (all.length > 0) throw new ConfigError(source, all);
  return config;
}

function contentProblem(option: string, file: string, mayBeEmpty = false): string[] {
  if (file === '') return [];
  try {
    const text = readFileSync(file, 'utf8');
    return text.trim() === '' && !mayBeEmpty ? [`option "${option}": ${file} is empty`] : [];
  } catch (error) {
    return [`option "${option}": ${file} cannot be read${codeOf(error)}`];
  }
}

function certificateProblem(option: string, file: string): string[] {
  const unreadable = contentProblem(option, file);
  if (file === '' || unreadable.length > 0) return unreadable;
  try {
    new X509Certificate(readFileSync(file));
    return [];
  } catch {
    // What the parser says is about its own insides.
    return [`option "${option}": ${file} does not begin with a certificate in PEM`];
  }
}

function pairProblem({ tls_cert_file: cert, tls_key_file: key }: ServerConfig['listen']): string[] {
  if (cert === '') return [];
  try {
    createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    return [];
  } catch (error) {
    return [`option "listen.tls_key_file": ${key} is not the key of the certificate in ${cert}${codeOf(error)}`];
  }
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? ` (${code})` : '';
}
