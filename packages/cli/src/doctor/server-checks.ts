import { isObject } from '../api/taas-api.js';
import type { DoctorFacts } from './facts.js';
import { type Check, type Finding, ok, problem, unknown } from './finding.js';
import { decide, empty, falls, isReady, listed, ofServers, type Ready } from './program-answers.js';

/** What /readyz and /metrics of a server tell. */
export const serverChecks = [
  {
    id: 'TAAS-D100',
    title: 'the server is ready',
    run: (facts) => ofServers(facts, (about, ready) => isReady(about, ready, 'journalctl -u taas-server')),
  },
  {
    id: 'TAAS-D101',
    title: 'the server sees etcd',
    run: (facts) =>
      ofServers(facts, (about, { etcd }) =>
        decide(
          about,
          etcd,
          'string',
          (text) => text === 'in sight',
          "etcdctl endpoint health; the server's etcd.endpoints",
        ),
      ),
  },
  { id: 'TAAS-D102', title: 'exactly one server leads', run: leader },
  {
    id: 'TAAS-D103',
    title: 'the compiler keeps up',
    run: (facts) =>
      facts.servers.map((each) =>
        falls(
          `server ${each.url}`,
          each,
          'taas_compiler_backlog',
          'journalctl -u taas-server; etcdctl endpoint status for slow etcd',
        ),
      ),
  },
  {
    id: 'TAAS-D104',
    title: 'every record in etcd can be used',
    run: (facts) =>
      ofServers(facts, (about, { malformed, malformed_records }) =>
        decide(
          about,
          malformed,
          'number',
          (count) => count === 0,
          `etcdctl get, and mend or delete: ${listed(malformed_records, 'key')}`,
        ),
      ),
  },
  {
    id: 'TAAS-D105',
    title: 'every agent is heard',
    run: (facts) =>
      ofServers(facts, (about, { agents }) => {
        const silent = isObject(agents) && Array.isArray(agents['silent']) ? agents['silent'].map(String) : null;
        const mend = 'systemctl status taas-agent on the node';
        if (silent === null) return unknown(about, '/readyz does not say', mend);
        const concerned = facts.node === null ? silent : silent.filter((name) => name === facts.node);
        if (concerned.length > 0) return problem(about, `silent: ${concerned.join(', ')}`, mend);
        // An agent whose lease has ended is not among the silent, and those who are there are not named.
        return facts.node === null
          ? ok(about, 'none is silent')
          : unknown(about, `/readyz does not say whether ${facts.node} is there`, mend);
      }),
  },
  { id: 'TAAS-D106', title: 'there is room in etcd', run: (facts) => ofServers(facts, space) },
  {
    id: 'TAAS-D107',
    title: 'no two nodes claim one tunnel address',
    run: (facts) =>
      ofServers(facts, (about, { tunnel_addresses_contested: found }) =>
        empty(about, found, 'give each agent its own tunnel_address'),
      ),
  },
  {
    id: 'TAAS-D108',
    title: 'VLANs for copies are for nobody else',
    run: (facts) =>
      ofServers(facts, (about, { vlans, etcd }) => {
        const mend = 'docs/how-to/isolation-of-copies.md';
        if (vlans === undefined)
          return etcd === undefined
            ? unknown(about, '/readyz does not say', mend)
            : ok(about, 'no VLANs are configured');
        if (!isObject(vlans)) return unknown(about, '/readyz does not say', mend);
        const unsafe = Object.entries(vlans).filter(([, standing]) => standing !== 'open');
        if (unsafe.length === 0) return ok(about, 'all may carry copies');
        const said = unsafe.map(([name, standing]) => `${name}: ${standing}`).join('; ');
        return problem(about, said, `${whatMendsVlans(said)} (${mend})`);
      }),
  },
  {
    id: 'TAAS-D109',
    title: 'no part of the server has failed',
    run: (facts) =>
      ofServers(facts, (about, { contained }) =>
        decide(
          about,
          isObject(contained) ? contained['failures'] : undefined,
          'number',
          (count) => count === 0,
          'taas bundle, with the log of the server, and report it',
        ),
      ),
  },
  {
    id: 'TAAS-D110',
    title: 'the audit trail is kept',
    run: (facts) =>
      ofServers(facts, (about, { audit }) => {
        const mend = 'docs/how-to/keep-the-audit-trail.md';
        if (!isObject(audit)) return unknown(about, '/readyz does not say', mend);
        const said = ['problem', 'blocked'].flatMap((name) =>
          audit[name] === undefined || audit[name] === null ? [] : [String(audit[name])],
        );
        const lost = audit['lost_records'];
        if (typeof lost === 'number' && lost > 0) said.push(`${lost} records are lost`);
        if (said.length > 0) return problem(about, said.join('; '), mend);
        return typeof lost === 'number' ? ok(about, 'nothing is lost') : unknown(about, '/readyz does not say', mend);
      }),
  },
  {
    id: 'TAAS-D111',
    title: 'the server asks who its callers are',
    run: (facts) =>
      ofServers(facts, (about, { warning, role }) => {
        const mend = 'auth.mode: keystone';
        if (warning !== undefined) return problem(about, String(warning), mend);
        // A server without a warning has nothing to say here: that it is a server shows that it would.
        return role === undefined ? unknown(about, '/readyz does not say', mend) : ok(about, 'it does');
      }),
  },
  {
    id: 'TAAS-D112',
    title: 'the server hears where ports are bound',
    run: (facts) =>
      ofServers(facts, (about, { bindings_from: from, networking_vpp: theirs, ports_seen_ms_ago: age, role }) => {
        const mend =
          'networking_vpp and neutron of the server: docs/reference/configuration.md; journalctl -u taas-server';
        if (typeof from !== 'string') return unknown(about, '/readyz does not say', mend);
        // The leading server alone follows what others write.
        if (role === 'follower') return ok(about, 'it does not lead, and need not');
        if (theirs !== undefined && theirs !== 'in sight')
          return problem(about, "networking-vpp's keys in etcd's v2 store are out of sight", mend);
        if (age === undefined) return ok(about, `by ${from}`);
        if (typeof age !== 'number') return unknown(about, 'it has not heard of Neutron yet', mend);
        const said = `Neutron's ports were last looked at ${Math.round(age / 1000)} s ago`;
        return age > oldestPortsMs ? problem(about, said, mend) : ok(about, said);
      }),
  },
] as const satisfies readonly Check<DoctorFacts>[];

/** Neutron is asked each second or so; a few answers may fail. */
const oldestPortsMs = 60_000;

/** The first thing to do about VLANs that are not safe, by what the server says of them. */
function whatMendsVlans(said: string): string {
  if (/in layer 2|of type flat|hands every tag/.test(said))
    return 'take the flat network off that uplink, or give copies a physnet of their own';
  if (/Neutron gives VLANs|reserved for copies/.test(said))
    return 'take them out of network_vlan_ranges of Neutron, or reserve others in segments of the server';
  if (/VLAN-transparent/.test(said)) return 'give copies a physnet without VLAN-transparent networks';
  return 'see whether Neutron answers the service user, who needs the role admin; or segments.exclusive, knowing better';
}

function leader({ servers }: DoctorFacts): Finding[] {
  if (servers.length === 0) return [];
  const mend = 'give --server-health for every server; journalctl -u taas-server';
  const about = `${servers.length} of the servers`;
  const said = servers.map(({ ready }) => (ready.known ? ready.value['role'] : undefined));
  const leading = said.filter((role) => role === 'leader').length;
  if (leading > 1) return [problem(about, `${leading} say that they lead`, mend)];
  // One that does not say may lead, too.
  const silent = said.filter((role) => role !== 'leader' && role !== 'follower').length;
  if (silent > 0) return [unknown(about, `${leading} leads, and ${silent} do not say what they do`, mend)];
  if (leading === 1) return [ok(about, 'one leads')];
  // Another one, that was not named, may lead.
  return [unknown(about, 'none of these leads', mend)];
}

function space(about: string, { etcd_space: value }: Ready): Finding {
  const mend =
    'etcdctl compaction, etcdctl defrag, or a larger --quota-backend-bytes: docs/decisions/0031-room-in-etcd.md';
  if (!isObject(value)) return unknown(about, '/readyz does not say', mend);
  const { room, in_use_bytes, quota_bytes, advice, problem: why } = value;
  if (room !== 'ample' && room !== 'tight' && room !== 'full')
    return unknown(about, String(why ?? 'the room is not known'), mend);
  const said = `${room}: ${in_use_bytes} of ${quota_bytes} bytes are in use`;
  return room === 'ample'
    ? ok(about, said)
    : problem(about, said, typeof advice === 'string' ? `${advice} (${mend})` : mend);
}
