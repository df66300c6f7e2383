import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a program needs to be believed, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of the tests, by openssl as docs/how-to/signing.md has it. */
export class Authority {
  readonly pem: string;

  /** @param folder where its files lie; of nothing else */
  constructor(private readonly folder: string) {
    this.openssl('req', '-x509', ...newKey, '-subj', '/CN=tests', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
    this.pem = this.read('ca.pem');
  }

  /** @param extensions lines of openssl's */
  certify(name: string, extensions: readonly string[]): Certificate {
    this.openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(join(this.folder, 'ext'), `${extensions.join('\n')}\n`);
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext'];
    this.openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-days', '2', '-out', `${name}.pem`);
    return { cert: this.read(`${name}.pem`), key: this.read(`${name}.key`) };
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }

  private read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}
