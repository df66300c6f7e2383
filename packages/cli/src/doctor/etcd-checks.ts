import type { DoctorFacts } from './facts.js';
import { type Check, ok, problem, unknown } from './finding.js';

/** The oldest that is promised to work: docs/dependencies.md. */
const oldest = [3, 4] as const;

/** What a member of etcd says of itself. */
export const etcdChecks = [
  {
    id: 'TAAS-D400',
    title: 'etcd is healthy',
    run: ({ etcd }) =>
      etcd.map(({ url, health }) => {
        const mend = 'etcdctl endpoint health --cluster';
        if (!health.known) return unknown(url, health.why, mend);
        return health.value ? ok(url, 'healthy') : problem(url, 'it says that it is not', mend);
      }),
  },
  {
    id: 'TAAS-D401',
    title: 'etcd is 3.4 or newer',
    run: ({ etcd }) =>
      etcd.map(({ url, version }) => {
        const mend = 'upgrade etcd';
        if (!version.known) return unknown(url, version.why, mend);
        const [, major, minor] = /^(\d+)\.(\d+)/.exec(version.value) ?? [];
        if (major === undefined || minor === undefined) return unknown(url, `"${version.value}" is no version`, mend);
        const isOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
        return isOld ? problem(url, version.value, mend) : ok(url, version.value);
      }),
  },
  {
    id: 'TAAS-D402',
    title: 'etcd has no alarm',
    run: ({ etcd }) =>
      etcd.map(({ url, alarms }) => {
        const mend = 'etcdctl alarm list; compact and defragment, then etcdctl alarm disarm';
        if (!alarms.known) return unknown(url, alarms.why, mend);
        return alarms.value.length === 0 ? ok(url, 'none') : problem(url, alarms.value.join(', '), mend);
      }),
  },
  {
    id: 'TAAS-D403',
    title: 'etcd serves the v2 API, which networking-vpp uses',
    run: ({ etcd }) =>
      etcd.map(({ url, v2 }) => {
        const mend = 'start etcd with --enable-v2; or networking_vpp.bindings: neutron';
        if (!v2.known) return unknown(url, v2.why, mend);
        return v2.value ? ok(url, 'it does') : problem(url, 'it does not', mend);
      }),
  },
  {
    id: 'TAAS-D404',
    title: 'etcd asks who reads and writes by v3',
    run: ({ etcd }) =>
      etcd.map(({ url, asksV3 }) => {
        const mend = 'deploy/etcd-roles.sh, then etcdctl auth enable; or signed values: docs/how-to/signing.md';
        if (!asksV3.known) return unknown(url, asksV3.why, mend);
        return asksV3.value
          ? ok(url, 'it does')
          : problem(url, 'no authentication: whoever reaches it may have any port copied anywhere', mend);
      }),
  },
  {
    id: 'TAAS-D405',
    title: 'etcd asks who reads and writes by v2',
    run: ({ etcd }) =>
      etcd.map(({ url, asksV2 }) => {
        const mend =
          "turn authentication of the v2 API on, and take from its role guest what is below /networking-vpp; or sign networking-vpp's keys: docs/how-to/signing.md";
        if (!asksV2.known) return unknown(url, asksV2.why, mend);
        if (asksV2.value === null) return ok(url, 'v2 is not served');
        return asksV2.value
          ? ok(url, 'it does')
          : problem(
              url,
              'no authentication: whoever reaches it may read where ports are bound, and as a rule say it',
              mend,
            );
      }),
  },
] as const satisfies readonly Check<DoctorFacts>[];
