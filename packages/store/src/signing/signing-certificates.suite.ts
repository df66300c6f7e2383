import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MadeCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWishes {
  readonly authority?: string;
  readonly days?: number;
  /** Lines of OpenSSL's extension file. */
  readonly extensions?: readonly string[];
  readonly kind?: 'rsa:2048' | 'rsa:1024' | 'ec' | 'ec384';
  readonly subject?: string;
}

/** Makes authorities and certificates in a directory, with openssl. */
export class CertificateMaker {
  constructor(private readonly directory: string) {}

  authority(name: string, subject = `/CN=${name}`): MadeCertificate {
    const out = ['-keyout', this.#file(`${name}.key`), '-out', this.#file(`${name}.pem`)];
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    this.#openssl('req', '-x509', ...kinds.ec, '-subj', subject, '-days', '30', ...usage, ...out);
    return this.#made(name);
  }

  certificate(name: string, wishes: CertificateWishes = {}): MadeCertificate {
    const { authority = 'ca', days = 30, kind = 'ec', subject = `/CN=${name}` } = wishes;
    const { extensions = ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature'] } = wishes;
    const [csr, ext] = [this.#file(`${name}.csr`), this.#file(`${name}.ext`)];
    this.#openssl('req', ...kinds[kind], '-subj', subject, '-keyout', this.#file(`${name}.key`), '-out', csr);
    writeFileSync(ext, `${extensions.join('\n')}\n`);
    const by = ['-CA', this.#file(`${authority}.pem`), '-CAkey', this.#file(`${authority}.key`), '-CAcreateserial'];
    this.#openssl(
      ...['x509', '-req', '-in', csr, ...by, '-extfile', ext, '-days', `${days}`, '-out', this.#file(`${name}.pem`)],
    );
    return this.#made(name);
  }

  #made(name: string): MadeCertificate {
    const [certFile, keyFile] = [this.#file(`${name}.pem`), this.#file(`${name}.key`)];
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }

  #file(name: string): string {
    return join(this.directory, name.replaceAll('/', '_'));
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}

const kinds = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
  ec384: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1', '-nodes'],
  'rsa:2048': ['-newkey', 'rsa:2048', '-nodes'],
  'rsa:1024': ['-newkey', 'rsa:1024', '-nodes'],
} as const;
