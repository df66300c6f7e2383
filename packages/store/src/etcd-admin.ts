import { Code, ConnectError } from '@connectrpc/connect';
import type { Clock } from '@taas/service';
import type { EtcdEndpoint } from './etcd-endpoint.js';
import { prefixRange, toBytes } from './etcd-wire.js';
import { Permission_Type } from './generated/etcd_pb.js';

export interface EtcdAuthSetup {
  readonly rootPassword: string;
  /** Users who may read and write what is under their prefix. */
  readonly users?: readonly { readonly name: string; readonly password: string; readonly prefix: string }[];
}

/** Waits until the server answers a linearizable read, which takes a leader; a refusal is an answer too. */
export async function askUntilReady(
  endpoint: EtcdEndpoint,
  clock: Clock,
  timeoutMs: number,
  stillRunning: () => boolean,
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    try {
      await endpoint.kv.range({ key: toBytes('ready') }, { timeoutMs: 1_000 });
      return;
    } catch (error) {
      if (isAnswer(error)) return;
      if (clock.monotonic() > deadline || !stillRunning()) throw error;
    }
    await clock.sleep(30);
  }
}

/** Creates root and the users, each with a role of the same name, and turns authentication on. */
export async function enableAuth(endpoint: EtcdEndpoint, setup: EtcdAuthSetup): Promise<void> {
  const { auth } = endpoint;
  await auth.userAdd({ name: 'root', password: setup.rootPassword });
  await auth.roleAdd({ name: 'root' });
  await auth.userGrantRole({ user: 'root', role: 'root' });
  for (const { name, password, prefix } of setup.users ?? []) {
    const perm = { permType: Permission_Type.READWRITE, ...prefixRange(prefix) };
    await auth.userAdd({ name, password });
    await auth.roleAdd({ name });
    await auth.roleGrantPermission({ name, perm });
    await auth.userGrantRole({ user: name, role: name });
  }
  await auth.authEnable({});
}

/** The headers of a root login, or none without authentication. */
export async function rootHeaders(
  endpoint: EtcdEndpoint,
  setup: EtcdAuthSetup | undefined,
): Promise<Record<string, string>> {
  if (setup === undefined) return {};
  const { token } = await endpoint.auth.authenticate({ name: 'root', password: setup.rootPassword });
  return { token };
}

function isAnswer(error: unknown): boolean {
  const refusals: readonly Code[] = [Code.InvalidArgument, Code.Unauthenticated, Code.PermissionDenied];
  return error instanceof ConnectError && refusals.includes(error.code);
}
