import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  /** The authority that has signed `certFile`. */
  readonly caFile: string;
  /** For 127.0.0.1, as a server or as a client. */
  readonly certFile: string;
  readonly keyFile: string;
  /** An authority that has signed nothing here. */
  readonly otherCaFile: string;
  readonly otherKeyFile: string;
}

/** An authority, one certificate for 127.0.0.1 that serves as a server's and as a client's, and a foreign authority. */
export function makeCertificates(directory: string): Certificates {
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const days = ['-days', '2'];
  for (const name of ['ca', 'other']) {
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
    openssl('req', '-x509', ...ec, '-subj', `/CN=${name}`, ...days, ...out);
  }
  openssl('req', ...ec, '-subj', '/CN=server', '-keyout', file('server.key'), '-out', file('server.csr'));
  writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  const authority = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('ext')];
  openssl('x509', '-req', '-in', file('server.csr'), ...authority, ...days, '-out', file('server.pem'));
  return {
    ...{ caFile: file('ca.pem'), certFile: file('server.pem'), keyFile: file('server.key') },
    ...{ otherCaFile: file('other.pem'), otherKeyFile: file('other.key') },
  };
}
