import { readFileSync } from 'node:fs';
import { type Clock, ConfigError, group, type Logger } from '@taas/service';
import Type, { type Static } from 'typebox';
import { SignatureDesk } from './signature-desk.js';
import { SignatureError } from './signature-error.js';
import { readSigningMaterial, type SigningPaths } from './signing-files.js';

const files = (description: string) => Type.Array(Type.String({ minLength: 1 }), { default: [], description });
const names = (whose: string, standard: string[]) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
    default: standard,
    description: `Common names of ${whose} certificates; * stands for any characters.`,
  });

/** How we sign what we write, and verify what our like have written: `signing:` of both programs. */
export const signingOptions = group(
  {
    cert_file: Type.String({
      default: '',
      description:
        'PEM certificate of this program, whose common name is that of the node, or one of server_names; with it values in ' +
        'etcd are signed, and those that are not signed are not believed.',
    }),
    key_file: Type.String({ default: '', description: 'PEM key of the certificate: RSA, or EC of P-256.' }),
    ca_files: files(
      'PEM certificates of the authorities that have signed the certificates of servers and agents. Several, for the time in ' +
        'which one takes the place of another.',
    ),
    server_names: names("the servers'", []),
    accept_unsigned: Type.Boolean({
      default: false,
      description:
        'Believe values that are not signed at all, while a cloud begins to sign; whoever can write to etcd is believed ' +
        'meanwhile.',
    }),
  },
  'Signatures of what stands in etcd; without them etcd alone says who may write.',
);
export type SigningConfig = Static<typeof signingOptions>;

/** How networking-vpp signs what it writes: `networking_vpp.signing:` of the server. */
export const controllerSigningOptions = group(
  {
    ca_files: files("networking-vpp's jwt_ca_cert; with it, bindings in etcd that are not signed are not believed."),
    controller_names: names("Neutron's servers'", ['Controller*']),
  },
  "networking-vpp's signatures (its option jwt_signing).",
);
export type ControllerSigningConfig = Static<typeof controllerSigningOptions>;

/** What a schema cannot say of the options. */
export function signingProblems({
  cert_file,
  key_file,
  ca_files,
  server_names,
  accept_unsigned,
}: SigningConfig): string[] {
  const given = [cert_file !== '', key_file !== '', ca_files.length > 0, server_names.length > 0];
  const found: string[] = [];
  if (given.includes(true) && given.includes(false))
    found.push('options "signing.cert_file", "key_file", "ca_files" and "server_names" go together');
  if (accept_unsigned && cert_file === '') found.push('option "signing.accept_unsigned" needs signing.cert_file');
  return found;
}

export interface SigningDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads our key and the authorities.
 * @param source names the configuration in an error
 * @returns null where nothing is signed
 * @throws ConfigError for files that are of no use
 */
export function openSigning(config: SigningConfig, source: string, deps: SigningDeps): SignatureDesk | null {
  if (config.cert_file === '') return null;
  const own = { certFile: config.cert_file, keyFile: config.key_file };
  return openDesk({ caFiles: config.ca_files, own }, config.accept_unsigned, source, deps);
}

/** The same for networking-vpp's signatures, which we only verify. */
export function openControllerSigning(
  config: ControllerSigningConfig,
  source: string,
  deps: SigningDeps,
): SignatureDesk | null {
  return config.ca_files.length === 0 ? null : openDesk({ caFiles: config.ca_files }, false, source, deps);
}

function openDesk(paths: SigningPaths, acceptUnsigned: boolean, source: string, deps: SigningDeps): SignatureDesk {
  const load = () => readSigningMaterial(paths, (file) => readFileSync(file, 'utf8'), deps.clock.now());
  try {
    return new SignatureDesk({ ...deps, load, acceptUnsigned });
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new ConfigError(source, [error.message], { cause: error });
  }
}
