import { type Clock, FileWatch, group, type Logger } from '@taas/service';
import Type, { type Static } from 'typebox';
import { SignatureDesk } from './signature-desk.js';
import { type SigningPaths, signingSource } from './signing-files.js';

const files = (description: string) => Type.Array(Type.String({ minLength: 1 }), { default: [], description });
const names = (whose: string, standard: string[]) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
    default: standard,
    description: `Common names of ${whose} certificates; * stands for any characters.`,
  });

const revokedFile = Type.String({
  default: '',
  description:
    'List of certificates that are not believed any more, a line each: "name" and a common name, or "serial" and a hexadecimal ' +
    'number; # begins a comment.',
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
    revoked_file: revokedFile,
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
    revoked_file: revokedFile,
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
  revoked_file,
}: SigningConfig): string[] {
  const given = [cert_file !== '', key_file !== '', ca_files.length > 0, server_names.length > 0];
  const found: string[] = [];
  if (given.includes(true) && given.includes(false))
    found.push('options "signing.cert_file", "key_file", "ca_files" and "server_names" go together');
  if (accept_unsigned && cert_file === '') found.push('option "signing.accept_unsigned" needs signing.cert_file');
  if (revoked_file !== '' && cert_file === '') found.push('option "signing.revoked_file" needs signing.cert_file');
  return found;
}

export interface SigningDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Watches the files; without, they are read once. */
  readonly files?: FileWatch;
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
  const paths = { at: 'signing', caFiles: config.ca_files, own, ...revokedIn(config) };
  return openDesk(paths, config.accept_unsigned, source, deps);
}

/** The same for networking-vpp's signatures, which we only verify. */
export function openControllerSigning(
  config: ControllerSigningConfig,
  source: string,
  deps: SigningDeps,
): SignatureDesk | null {
  if (config.ca_files.length === 0) return null;
  const paths = { at: 'networking_vpp.signing', caFiles: config.ca_files, ...revokedIn(config) };
  return openDesk(paths, false, source, deps);
}

const revokedIn = ({ revoked_file: file }: { readonly revoked_file: string }) =>
  file === '' ? {} : { revokedFile: file };

function openDesk(paths: SigningPaths, acceptUnsigned: boolean, source: string, deps: SigningDeps): SignatureDesk {
  const { clock, logger, files = new FileWatch({ clock, logger, source }) } = deps;
  return new SignatureDesk({ clock, logger, material: files.open(signingSource(paths, clock)), acceptUnsigned });
}
