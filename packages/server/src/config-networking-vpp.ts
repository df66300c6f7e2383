import { options } from '@taas/service';
import { controllerSigningOptions, type EtcdConfig, etcdOptions, etcdProblems } from '@taas/store';
import Type, { type Static } from 'typebox';

/** Where we learn what networking-vpp knows: on which node a port is bound. */
export const networkingVppOptions = Type.Object(
  {
    bindings: Type.Enum(['etcd-v2', 'etcd-v3', 'neutron'], {
      default: 'etcd-v2',
      description:
        "Who says on which node a port is bound. etcd-v2: networking-vpp's keys where it writes them, by etcd's v2 API " +
        '(etcd 3.4 and 3.5 with --enable-v2). etcd-v3: the same keys in the v3 store of `etcd`, if something writes them ' +
        "there. neutron: Neutron's binding:host_id, looked at every neutron.poll_ms; needs neutron.url.",
    }),
    etcd: Type.Optional(
      options(
        etcdOptions.properties,
        "For etcd-v2: how to reach networking-vpp's etcd, if otherwise than `etcd`; its v2 API has users of its own.",
      ),
    ),
    signing: controllerSigningOptions,
  },
  { additionalProperties: false, default: {}, description: "networking-vpp's knowledge of ports." },
);

type NetworkingVppConfig = Static<typeof networkingVppOptions>;

/** Where the options of networking-vpp's etcd stand in the configuration. */
export function networkingVppEtcd(config: { readonly etcd: EtcdConfig; readonly networking_vpp: NetworkingVppConfig }) {
  const own = config.networking_vpp.etcd;
  return own === undefined ? { etcd: config.etcd, at: 'etcd' } : { etcd: own, at: 'networking_vpp.etcd' };
}

/** What a schema cannot say of these options. */
export function networkingVppProblems(config: {
  readonly networking_vpp: NetworkingVppConfig;
  readonly neutron: { readonly url: string };
}): string[] {
  const { bindings, etcd } = config.networking_vpp;
  const found: string[] = [];
  if (bindings === 'neutron' && config.neutron.url === '')
    found.push('option "networking_vpp.bindings": neutron needs neutron.url');
  if (bindings === 'neutron' && config.networking_vpp.signing.ca_files.length > 0)
    found.push(
      'option "networking_vpp.signing": with networking_vpp.bindings neutron no value of networking-vpp is read',
    );
  if (etcd !== undefined && bindings !== 'etcd-v2')
    found.push('option "networking_vpp.etcd": is for networking_vpp.bindings etcd-v2 alone');
  return etcd === undefined ? found : [...found, ...etcdProblems(etcd, 'networking_vpp.etcd')];
}
