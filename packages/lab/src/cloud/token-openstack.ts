import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTokenKeystone, startTokenNeutron, type TestService, type TokenPort } from './cloud-of-tokens.js';
import type { CloudOptions } from './cloud-options.js';

/** A Keystone and a Neutron of tokens beside a cloud. */
export interface TokenOpenStack {
  readonly keystone: TestService;
  readonly neutron: TestService;
  readonly ports: Map<string, TokenPort>;
  /** What a server is told of them. */
  readonly config: object;
  close(): Promise<void>;
}

/** @param directory where the service's password is put */
export async function startTokenOpenStack(
  { openstack = {} }: CloudOptions,
  directory: string,
): Promise<TokenOpenStack> {
  const ports = openstack.ports ?? new Map<string, TokenPort>();
  const keystone = await startTokenKeystone(openstack.keystone);
  const neutron = await startTokenNeutron(ports, openstack.neutron);
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, 'secret', { mode: 0o600 });
  return {
    keystone,
    neutron,
    ports,
    config: {
      auth: {
        mode: 'keystone',
        keystone: { url: `${keystone.url}/v3`, user_name: 'taas', password_file: passwordFile },
      },
      neutron: { url: neutron.url, poll_ms: 500 },
      networking_vpp: { bindings: 'neutron' },
    },
    close: async () => {
      await Promise.all([keystone.close(), neutron.close()]);
    },
  };
}
