import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Options of networking-vpp that name files. */
export interface JwtFiles {
  readonly jwt_node_cert: string;
  readonly jwt_node_private_key: string;
}

/** An authority, and a certificate of it for each name: RSA, as networking-vpp signs. */
export function makeJwtCertificates(directory: string, names: readonly string[]) {
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const rsa = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...rsa,
    '-subj',
    '/CN=jwt-ca',
    '-days',
    '2',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  writeFileSync(file('ext'), 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n');
  const by = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-extfile',
    file('ext'),
    '-days',
    '2',
  ];
  for (const name of names) {
    openssl('req', ...rsa, '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`));
    openssl('x509', '-req', '-in', file(`${name}.csr`), ...by, '-out', file(`${name}.pem`));
  }
  const of = (name: string): JwtFiles & { jwt_ca_cert: string } => ({
    jwt_ca_cert: file('ca.pem'),
    jwt_node_cert: file(`${name}.pem`),
    jwt_node_private_key: file(`${name}.key`),
  });
  return { ca: file('ca.pem'), of };
}
