import { type NodeMatter, nodeMatters, ownMatters, type StatusCode, statusCodes } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { statusAdvice } from '../advice/status-advice.js';
import type { Kind, Tap } from '../api/kinds.js';
import { readStatistics } from '../api/statistics.js';
import { causes } from './causes.js';
import { checks, examine, worst } from './checks.js';
import type { DoctorFacts, EtcdFacts, Meeting, ProgramFacts } from './facts.js';
import { type Seen, seen, unseen } from './finding.js';
import { readMetrics } from './prometheus.js';
import { formatReport } from './report.js';

const now = Date.parse('2026-11-29T12:00:00.400Z');
const dayMs = 86_400_000;
const met = (url: string, more: Partial<Meeting> = {}): Seen<Meeting> =>
  seen({ url, theirTime: now - 400, sent: now - 20, received: now, certificateEnds: now + 90 * dayMs, ...more });

const tap = (kind: Kind, id: string, attributes: object = {}): Tap => ({
  ...{ kind, id },
  attributes: {
    id,
    name: '',
    status: 'ACTIVE',
    status_code: 'ok',
    status_reason: '',
    ...(kind === 'flow' ? { tap_service_id: 's' } : {}),
    ...attributes,
  },
});

const scrape = (more = '') =>
  seen(
    readMetrics(
      `taas_build_info{program="x",version="0.1.0",node_version="20"} 1\ntaas_compiler_backlog 0\ntaas_agent_pending_taps 0\ntaas_agent_undone_total 0\ntaas_signature_refused_total{reason="path"} 0\ntaas_vpp_buffers_available 90\ntaas_vpp_buffers_used 10\ntaas_vpp_stats_segment_free_bytes 90\ntaas_vpp_stats_segment_used_bytes 10\n${more}`,
    ),
  );

const nodesOf = (matters: readonly NodeMatter[], more: object = {}) => ({
  ...{ examined: 2, problems: [], untold: Object.fromEntries(matters.map((each) => [each, []])), more: false },
  ...more,
});
const nodeProblem = (about: NodeMatter, node = 'n-1') => ({ node, about, problem: `${about} of ${node}` });

const serverReady = {
  ...{
    ok: true,
    etcd: 'in sight',
    role: 'leader',
    malformed: 0,
    malformed_records: [],
    tunnel_addresses_contested: [],
  },
  ...{ agents: { there: 2, silent: [] }, vlans: { physnet1: 'open' }, contained: { failures: 0, latest: null } },
  ...{ audit: { lost_records: 0 }, files: { refused: [], restart_for: [], certificates: [] } },
  ...{ bindings_from: 'etcd-v2', networking_vpp: 'in sight', ports_seen_ms_ago: 900, nodes: nodesOf(nodeMatters) },
  etcd_space: { room: 'ample', in_use_bytes: 1, quota_bytes: 100 },
  signatures: { certificate_valid_until: new Date(now + 90 * dayMs).toISOString() },
};
const agentReady = {
  ...{ ok: true, vpp: true, store: true, waiting: 0, nodes: nodesOf(ownMatters) },
  files: { refused: [], restart_for: [], certificates: [] },
};
const program = (url: string, ready: object, more: Partial<ProgramFacts> = {}): ProgramFacts => ({
  ...{ url, meeting: met(url), ready: seen({ ...ready }), metrics: scrape(), later: scrape() },
  ...more,
});

const figures = (more: object = {}) => {
  const stages = ['seen', 'copied', 'sent', 'offered', 'ring_dropped', 'no_vm', 'thinned', 'delivered'];
  const lost = ['ring_dropped', 'no_vm', 'thinned'];
  const counted = stages.map((stage) => ({ stage, direction: 'IN', packets: lost.includes(stage) ? 0 : 100 }));
  const asOf = new Date(now - 3_000).toISOString();
  const usual = { as_of: asOf, current: true, unaccounted: 0, completeness: 1, gaps: [], unanswered: [] };
  return { ...usual, lost: [{ cause: 'underlay', packets: 0 }], stages: counted, ...more };
};
const lossAt = (stage: string) =>
  figures({ stages: ['seen', 'offered', stage].map((each) => ({ stage: each, direction: 'IN', packets: 100 })) });
const old = new Date(now - 60_000).toISOString();

const etcd: EtcdFacts = {
  ...{ url: 'https://etcd:2379', meeting: met('https://etcd:2379'), version: seen('3.4.23'), health: seen(true) },
  ...{ alarms: seen([]), v2: seen(true), asksV3: seen(true), asksV2: seen(true) },
};

/** A cloud in which all is well. */
const well: DoctorFacts = {
  ...{ now, version: '0.1.0', node: null, api: met('https://api'), authUrl: seen('https://keystone/v3') },
  keystone: met('https://keystone/v3'),
  extensions: seen(['taas', 'taas-status-code', 'tap-mirror']),
  taps: seen([tap('service', 's'), tap('flow', 'f')]),
  statistics: new Map(['s', 'f'].map((id) => [id, seen(readStatistics(figures()))])),
  quota: seen({ tap_flow: { limit: 10, used: 9 }, tap_service: { limit: -1, used: 1000 } }),
  servers: [program('http://server', serverReady)],
  agents: [program('http://agent', agentReady)],
  etcd: [etcd],
};

const withFlow = (attributes: object) => ({ ...well, taps: seen([tap('service', 's'), tap('flow', 'f', attributes)]) });
const withServer = (ready: object, more: Partial<ProgramFacts> = {}) => ({
  ...well,
  servers: [program('http://server', { ...serverReady, ...ready }, more)],
});
const withAgent = (ready: object, more: Partial<ProgramFacts> = {}) => ({
  ...well,
  agents: [program('http://agent', { ...agentReady, ...ready }, more)],
});
const withEtcd = (more: Partial<EtcdFacts>) => ({ ...well, etcd: [{ ...etcd, ...more }] });
const withFigures = (document: object) => ({
  ...well,
  statistics: new Map([...well.statistics, ['f', seen(readStatistics({ ...document }))]]),
});

/** What the server says of VLANs that are not safe, and what mends each. */
const vlansUnsafe = {
  'the uplink is in layer 2 on n1': 'take the flat network off',
  'network 7 is of type flat on physnet p: VPP hands every tag to such a network': 'take the flat network off',
  'Neutron gives VLANs 100-200 of physnet p to networks, which overlap with ours': 'network_vlan_ranges',
  'network 7 has VLAN 3900 of physnet p, which is reserved for copies': 'network_vlan_ranges',
  'network 7 on physnet p is VLAN-transparent: its VMs choose their tags': 'VLAN-transparent',
  'Neutron cannot be asked what else is on the physnet: ECONNREFUSED': 'whether Neutron answers',
} as const;

const wrongOf = (matter: NodeMatter): DoctorFacts[] => {
  const nodes = (matters: readonly NodeMatter[]) => nodesOf(matters, { problems: [nodeProblem(matter)] });
  const ofServer = withServer({ nodes: nodes(nodeMatters) });
  return ownMatters.includes(matter) ? [ofServer, withAgent({ nodes: nodes(ownMatters) })] : [ofServer];
};

/** For each check what makes it fire, once or in several ways. */
const breakages: Readonly<Record<string, readonly DoctorFacts[]>> = {
  'TAAS-D001': [{ ...well, taps: unseen('ECONNREFUSED') }],
  'TAAS-D002': [
    { ...well, extensions: seen(['taas']) },
    { ...well, extensions: seen([]) },
  ],
  'TAAS-D003': [
    { ...well, api: met('https://api', { theirTime: now + 10_000 }) },
    { ...well, api: met('https://api', { theirTime: now - 10_000 }) },
    { ...well, etcd: [{ ...etcd, meeting: met('https://etcd', { theirTime: now - 10_000 }) }] },
    { ...well, keystone: met('https://keystone', { theirTime: now + 10_000 }) },
  ],
  'TAAS-D004': [
    { ...well, api: met('https://api', { certificateEnds: now + 29 * dayMs }) },
    { ...well, api: unseen('https://api does not answer: CERT_HAS_EXPIRED') },
    { ...well, keystone: met('https://keystone', { certificateEnds: now + 29 * dayMs }) },
    { ...well, etcd: [{ ...etcd, meeting: met('https://etcd', { certificateEnds: now - dayMs }) }] },
    { ...well, agents: [program('https://a', agentReady, { meeting: met('https://a', { certificateEnds: now }) })] },
    {
      ...well,
      servers: [program('https://s', serverReady, { meeting: met('https://s', { certificateEnds: now - dayMs }) })],
    },
  ],
  'TAAS-D005': [
    { ...well, api: met('http://far.example') },
    { ...well, authUrl: seen('http://far.example/v3') },
  ],
  'TAAS-D010': [
    withFlow({ status: 'ERROR', status_code: 'vpp_refused' }),
    withFlow({ status: 'PENDING_DELETE', status_code: 'waiting_for_removal' }),
    {
      ...withFlow({
        status: 'DOWN',
        status_code: 'agent_not_running',
        status_reason: 'the agent of node n-1 is silent',
      }),
      node: 'n-1',
    },
  ],
  'TAAS-D011': [withFlow({ status_code: 'mtu_too_small' }), withFlow({ status_code: 'copies_dropped' })],
  'TAAS-D012': [{ ...well, taps: seen([tap('service', 's')]) }],
  'TAAS-D013': [{ ...well, quota: seen({ tap_flow: { limit: 10, used: 10 } }) }],
  'TAAS-D020': [
    withFigures(figures({ as_of: old })),
    withFigures(figures({ current: false })),
    withFigures(figures({ unanswered: [{ reason: 'node n is silent' }] })),
  ],
  'TAAS-D021': [withFigures(lossAt('ring_dropped'))],
  'TAAS-D022': [withFigures(lossAt('no_vm'))],
  'TAAS-D023': [withFigures(lossAt('thinned'))],
  'TAAS-D024': [withFigures(figures({ unaccounted: 1 })), withFigures(figures({ unaccounted: -1 }))],
  'TAAS-D025': [withFigures(figures({ gaps: [{ cause: 'vpp_restarted', milliseconds: 1500 }] }))],
  'TAAS-D026': [withFigures(figures({ stages: [{ stage: 'seen', direction: 'IN', packets: '0' }] }))],
  'TAAS-D027': [withFigures(figures({ lost: [{ cause: 'underlay', packets: 7 }] }))],
  'TAAS-D100': [withServer({ ok: false })],
  'TAAS-D101': [withServer({ etcd: 'out of sight' })],
  'TAAS-D102': [{ ...well, servers: ['a', 'b'].map((url) => program(url, serverReady)) }],
  'TAAS-D103': [
    withServer({}, { metrics: scrape('taas_compiler_backlog 7'), later: scrape('taas_compiler_backlog 7') }),
  ],
  'TAAS-D104': [withServer({ malformed: 1, malformed_records: [{ key: '/k', problem: 'p' }] })],
  'TAAS-D105': [
    withServer({ agents: { silent: ['n1'] } }),
    { ...withServer({ agents: { silent: ['n1'] } }), node: 'n1' },
  ],
  'TAAS-D106': ['tight', 'full'].map((room) => withServer({ etcd_space: { room, advice: 'compact' } })),
  'TAAS-D107': [withServer({ tunnel_addresses_contested: ['10.0.0.1'] })],
  'TAAS-D108': Object.keys(vlansUnsafe).map((why) => withServer({ vlans: { physnet1: `closed: ${why}` } })),
  'TAAS-D109': [withServer({ contained: { failures: 2 } })],
  'TAAS-D110': [
    withServer({ audit: { lost_records: 1 } }),
    withServer({ audit: { blocked: 'the file' } }),
    withServer({ audit: { problem: 'disk' } }),
  ],
  'TAAS-D111': [withServer({ warning: 'DEVELOPMENT MODE' })],
  'TAAS-D112': [withServer({ networking_vpp: 'out of sight' }), withServer({ ports_seen_ms_ago: 61_000 })],
  'TAAS-D200': [withAgent({ ok: false })],
  'TAAS-D201': [withAgent({ vpp: false })],
  'TAAS-D202': [withAgent({ store: false })],
  'TAAS-D203': [
    withAgent({}, { metrics: scrape('taas_agent_pending_taps 1'), later: scrape('taas_agent_pending_taps 2') }),
  ],
  'TAAS-D204': [withAgent({ standing_by: { pid: 1 } })],
  'TAAS-D205': [withAgent({}, { metrics: scrape('taas_agent_undone_total 3') })],
  'TAAS-D206': [withAgent({}, { metrics: scrape('taas_vpp_buffers_used 900') })],
  'TAAS-D207': [withAgent({}, { metrics: scrape('taas_vpp_stats_segment_used_bytes 900') })],
  'TAAS-D300': [
    withAgent({ files: { refused: [{ what: 'CA', problem: 'is empty' }], restart_for: [] } }),
    withServer({ files: { refused: [], restart_for: ['listen.port'] } }),
  ],
  'TAAS-D301': [withAgent({}, { metrics: scrape('taas_signature_refused_total{reason="replayed"} 1') })],
  'TAAS-D302': [withAgent({}, { metrics: seen(readMetrics('taas_build_info{version="0.2.0"} 1')) })],
  'TAAS-D303': [withServer({ signatures: { certificate_valid_until: new Date(now + 3 * dayMs).toISOString() } })],
  'TAAS-D304': [withServer({ etcd_unprotected: ['everybody may write'] })],
  'TAAS-D305': [
    withAgent({ files: { refused: [], certificates: [{ what: 'etcd.cert_file', ends: now + 29 * dayMs }] } }),
    withServer({ files: { refused: [], certificates: [{ what: 'neutron.ca_file', ends: now - dayMs }] } }),
  ],
  'TAAS-D306': [
    withAgent({ store_problem: 'etcd at https://e: etcdserver: permission denied' }),
    withServer({ etcd_problem: 'etcd at https://e: user name is empty; this etcd asks for a user and a password' }),
    withServer({ etcd_problem: 'etcd at https://e: CERT_HAS_EXPIRED' }),
  ],
  'TAAS-D404': [withEtcd({ asksV3: seen(false) })],
  'TAAS-D405': [withEtcd({ asksV2: seen(false) })],
  'TAAS-D500': wrongOf('vpp'),
  'TAAS-D501': wrongOf('plugins'),
  'TAAS-D502': wrongOf('counters'),
  'TAAS-D503': wrongOf('uplinks'),
  'TAAS-D504': wrongOf('flat_networks'),
  'TAAS-D505': wrongOf('mtu'),
  'TAAS-D506': wrongOf('certificates'),
  'TAAS-D507': wrongOf('clock'),
  'TAAS-D508': wrongOf('release'),
  'TAAS-D400': [withEtcd({ health: seen(false) })],
  'TAAS-D401': [withEtcd({ version: seen('3.3.25') }), withEtcd({ version: seen('2.3.8') })],
  'TAAS-D402': [withEtcd({ alarms: seen(['NOSPACE']) })],
  'TAAS-D403': [withEtcd({ v2: seen(false) })],
};

const verdictOf = (id: string, facts: DoctorFacts) => examine(facts).find((each) => each.id === id)?.verdict;
const ids = checks.map(({ id }) => id);

it('every check has an id of its own, and what makes it fire', () => {
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(breakages).sort()).toEqual([...ids].sort());
  for (const id of ids) expect(id).toMatch(/^TAAS-D\d{3}$/);
});

describe.each(ids)('%s', (id) => {
  it('is ok where all is well', () => {
    expect(verdictOf(id, well)).toBe('ok');
  });

  it('fires, says what was seen, and what mends it', () => {
    for (const facts of breakages[id] ?? []) {
      const found = examine(facts).find((each) => each.id === id);
      expect(found?.verdict).toBe('problem');
      for (const { verdict, evidence, mend, about } of found?.findings ?? []) {
        expect(evidence).not.toBe('');
        expect(about).not.toBe('');
        if (verdict === 'problem') expect(mend).not.toBe('');
      }
    }
  });

  it('is never ok where nothing can be seen', () => {
    const nothing = unseen('it cannot be seen');
    const asks = { asksV3: nothing, asksV2: nothing };
    const blind = { meeting: nothing, ready: nothing, metrics: nothing, later: nothing };
    const facts: DoctorFacts = {
      ...{
        now,
        version: '0.1.0',
        node: null,
        api: nothing,
        authUrl: nothing,
        keystone: nothing,
        extensions: nothing,
        taps: nothing,
        quota: nothing,
      },
      statistics: new Map(),
      servers: [{ url: 's', ...blind }],
      agents: [{ url: 'a', ...blind }],
      etcd: [{ url: 'e', meeting: nothing, version: nothing, health: nothing, alarms: nothing, v2: nothing, ...asks }],
    };
    expect(verdictOf(id, facts)).toBe(id === 'TAAS-D001' ? 'problem' : 'unknown');
  });

  it('is not ok for a program that says nothing of what is asked', () => {
    const empty = { ready: seen({}), metrics: seen(readMetrics('')), later: seen(readMetrics('')) };
    const facts: DoctorFacts = {
      ...well,
      statistics: new Map(['s', 'f'].map((each) => [each, seen(readStatistics({}))])),
      servers: [{ url: 's', meeting: met('https://s', { theirTime: null, certificateEnds: null }), ...empty }],
      agents: [{ url: 'a', meeting: met('https://a', { theirTime: null, certificateEnds: null }), ...empty }],
    };
    const asked = /TAAS-D(003|004|02\d|1\d\d|2\d\d|3\d\d|5\d\d)/.test(id);
    expect(verdictOf(id, facts)).toBe(asked ? 'unknown' : 'ok');
  });
});

describe('a status code', () => {
  it.each(Object.keys(statusCodes) as StatusCode[])('%s has its own words for what mends it', (code) => {
    const advice = statusAdvice[code];
    expect(advice.mend.length).toBeGreaterThan(3);
    const [status] = statusCodes[code];
    const found = examine(withFlow({ status, status_code: code, status_reason: 'because' }));
    const told = found.flatMap(({ findings }) => findings).filter(({ verdict }) => verdict !== 'ok');
    if (code === 'ok') expect(told).toEqual([]);
    else expect(told.map(({ mend }) => mend).join()).toContain(advice.mend);
  });

  it.each(Object.entries(causes))('%s leads to checks that there are', (code, ids) => {
    const known = new Set<string>(checks.map(({ id }) => id));
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
    // Of what mends itself somebody has to see why it does not.
    if (statusAdvice[code as StatusCode].by === 'time' && code !== 'waiting_for_tap_service')
      expect(ids.length).toBeGreaterThan(0);
  });

  it('of a newer server is told, and mended as one that says nothing', () => {
    const facts = withFlow({ status: 'ERROR', status_code: 'of_tomorrow', status_reason: 'new' });
    expect(verdictOf('TAAS-D010', facts)).toBe('problem');
    expect(verdictOf('TAAS-D011', withFlow({ status_code: 'of_tomorrow' }))).toBe('unknown');
  });

  it('that says that nobody knows is unknown', () => {
    expect(verdictOf('TAAS-D010', withFlow({ status: 'DOWN', status_code: 'status_unknown' }))).toBe('unknown');
  });
});

it('every matter of a node has a check', () => {
  for (const matter of nodeMatters) {
    const fired = wrongOf(matter).map((facts) => examine(facts).filter(({ verdict }) => verdict === 'problem'));
    for (const found of fired) expect(found).toHaveLength(1);
    expect(fired[0]?.[0]?.findings).toContainEqual(expect.objectContaining({ about: 'node n-1' }));
  }
});

describe('of nodes', () => {
  const wrong = nodesOf(nodeMatters, { problems: [nodeProblem('clock', 'n-10')] });
  it('the one that is asked about counts', () => {
    expect(verdictOf('TAAS-D507', { ...withServer({ nodes: wrong }), node: 'n-1' })).toBe('ok');
    expect(verdictOf('TAAS-D507', { ...withServer({ nodes: wrong }), node: 'n-10' })).toBe('problem');
  });

  it.each<[string, object]>([
    ['none is there', { examined: 0 }],
    ['it is not told', { untold: { ...nodesOf(nodeMatters).untold, clock: ['n-2'] } }],
    ['more is wrong than is said', { more: true }],
    ['the server is older than the matter', { untold: {} }],
  ])('nothing is known where %s', (_, more) => {
    expect(verdictOf('TAAS-D507', withServer({ nodes: nodesOf(nodeMatters, more) }))).toBe('unknown');
  });
});

it.each(Object.entries(vlansUnsafe))('VLANs that are not safe, since "%s": %s', (why, mend) => {
  const found = examine(withServer({ vlans: { physnet1: `closed: ${why}` } })).find(({ id }) => id === 'TAAS-D108');
  expect(found?.findings[0]?.mend).toContain(mend);
});

it('etcd that does not answer refuses nothing, as far as is known', () => {
  expect(verdictOf('TAAS-D306', withServer({ etcd_problem: 'etcd at https://e: ECONNREFUSED' }))).toBe('unknown');
});

it('who does not lead need not hear where ports are bound', () => {
  expect(verdictOf('TAAS-D112', withServer({ role: 'follower', networking_vpp: 'out of sight' }))).toBe('ok');
});

it('a node is named as a whole word', () => {
  const down = { status: 'DOWN', status_code: 'agent_not_running', status_reason: 'the agent of node n-10 is silent' };
  expect(verdictOf('TAAS-D010', { ...withFlow(down), node: 'n-1' })).toBeUndefined();
  expect(verdictOf('TAAS-D010', { ...withFlow(down), node: 'n-10' })).toBe('problem');
});

it('a queue that becomes shorter is well', () => {
  const shorter = withServer(
    {},
    { metrics: scrape('taas_compiler_backlog 7'), later: scrape('taas_compiler_backlog 6') },
  );
  expect(verdictOf('TAAS-D103', shorter)).toBe('ok');
});

it('a difference that may be on its way is not known to be lost', () => {
  const stages = [{ stage: 'seen', direction: 'IN', packets: 1_000_000 }];
  expect(verdictOf('TAAS-D024', withFigures(figures({ unaccounted: 5, stages })))).toBe('unknown');
  expect(verdictOf('TAAS-D024', withFigures(figures({ unaccounted: 5_000, stages })))).toBe('problem');
});

it('a follower alone does not tell whether anybody leads', () => {
  expect(verdictOf('TAAS-D102', withServer({ role: 'follower' }))).toBe('unknown');
});

describe('what is not known is not ok:', () => {
  const follower = program('http://other', { ...serverReady, role: 'follower' });
  const [first] = well.servers;
  const servers = (other: ProgramFacts) => ({ ...well, servers: first === undefined ? [] : [first, other] });
  const unsaid = { stages: ['seen', 'offered'].map((stage) => ({ stage, direction: 'BOTH', packets: 100 })) };

  it.each<[string, string, DoctorFacts, DoctorFacts]>([
    [
      ...(['TAAS-D102', 'whether a server that does not answer leads, too'] as const),
      ...([servers({ ...follower, ready: unseen('ECONNREFUSED') }), servers(follower)] as const),
    ],
    ['TAAS-D105', 'whether an agent that is not silent is there', { ...well, node: 'n1' }, well],
    ['TAAS-D110', 'how many records are lost', withServer({ audit: {} }), well],
    [
      ...(['TAAS-D303', 'until when a certificate is good'] as const),
      ...([withServer({ signatures: { verified: 1 } }), withServer({ signatures: undefined })] as const),
    ],
    ['TAAS-D021', 'whose drops those at a shared collector port are', withFigures(figures(unsaid)), well],
  ])('%s, %s', (id, _, unclear, clear) => {
    expect(verdictOf(id, unclear)).toBe('unknown');
    expect(verdictOf(id, clear)).toBe('ok');
  });

  it('who only reads what networking-vpp signs has no certificate of its own', () => {
    const reads = { networking_vpp_signatures: { verified: 1 }, signatures: undefined };
    expect(verdictOf('TAAS-D303', withServer(reads))).toBe('ok');
  });

  it('who does not log in sends no password', () => {
    expect(verdictOf('TAAS-D005', { ...well, authUrl: seen(null) })).toBe('ok');
    expect(verdictOf('TAAS-D005', { ...well, authUrl: unseen('no cloud') })).toBe('unknown');
  });
});

it('the worst verdict counts, and nothing asked is not well', () => {
  expect(worst(['ok', 'unknown', 'problem'])).toBe('problem');
  expect(worst(['ok', 'unknown'])).toBe('unknown');
  expect(worst([])).toBe('unknown');
});

describe('a report', () => {
  const examined = examine(withFlow({ name: '\u001b[31m<&"', status: 'ERROR', status_code: 'no_route' }));
  const plain = (_: unknown, text: string) => text;

  it('is text without what moves a cursor', () => {
    const text = formatReport(examined, 'text', plain);
    expect(text).toContain('TAAS-D010  PROBLEM  every tap is ACTIVE');
    expect(text).toContain('mend: for the operator: add a route');
    expect(text).not.toContain('\u001b');
  });

  it('is JSON', () => {
    expect(JSON.parse(formatReport(examined, 'json', plain))).toEqual(examined);
  });

  it('is JUnit: problems are failures, the unknown are errors, and markup is text', () => {
    const text = formatReport(examined, 'junit', plain);
    expect(text).toMatch(/<testsuites tests="\d+" failures="1" errors="0">/);
    expect(text).toContain('&lt;&amp;&quot;');
    expect(text).not.toContain('\u001b');
  });
});
