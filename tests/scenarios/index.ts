import type { Place, Scenario } from './scenario.js';
import type { LabSettings } from './tap-lab.js';

/** Server and agents are the real programs on a real VPP, so that a kill is a kill -9. */
const killing = (place: Place) => () => place.settings(place.kind === 'real');
const inProcess = (place: Place) => () => place.settings(false);

const countsWrites = 'it counts the requests that changed a switch, which a real VPP does not tell';
/** ERSPAN is tried on every release by the scenario `releases`. */
const keyedGre = { release: '25.10', why: 'its GRE tunnels have no keys' } as const;
const breaksSwitch = 'it makes the switch refuse, lie and hang in mid-request, and reads its state from inside';

/**
 * Everything that a cloud of ours must do. tests/e2e runs it on the simulator and tests/vpp on a real VPP, a file each: a new
 * scenario is an entry here, and the files that tests/reference/scenarios.test.ts then asks for.
 */
export const scenarios = {
  taps: {
    describe: async (place) => (await import('./taps.js')).describeTaps(place.name, killing(place)),
  },
  mirrors: {
    since: keyedGre,
    describe: async (place) => (await import('./mirrors.js')).describeMirrors(place.name, killing(place)),
  },
  moves: {
    describe: async (place) =>
      (await import('./moves.js')).describeMoves(place.name, killing(place), (what, gap) =>
        place.report(`${what}: ${JSON.stringify(gap)}`),
      ),
  },
  captures: {
    describe: async (place) => {
      const programs = (): LabSettings =>
        place.kind === 'real'
          ? place.settings(true)
          : { switch: 'simulated', store: { etcd: {} }, process: 'programs' };
      (await import('./captures.js')).describeCaptures(place.name, inProcess(place), programs);
    },
  },
  receipts: {
    since: { release: '23.06', why: 'policers of before count nothing that can be read' },
    describe: async (place) => (await import('./receipts.js')).describeReceipts(place.name, inProcess(place)),
  },
  consent: {
    describe: async (place) => (await import('./consent.js')).describeConsent(place.name, inProcess(place)),
  },
  isolation: {
    describe: async (place) => (await import('./isolation.js')).describeIsolation(place.name, killing(place)),
  },
  rebinding: {
    describe: async (place) => (await import('./rebinding.js')).describeRebinding(place.name, killing(place)),
  },
  'every-frame': {
    describe: async (place) => (await import('./every-frame.js')).describeEveryFrame(place.name, killing(place)),
  },
  'flat-network': {
    describe: async (place) => (await import('./flat-network.js')).describeFlatNetwork(place.name, killing(place)),
  },
  filters: {
    describe: async (place) => {
      const lists = place.kind === 'real' ? 10 : 12;
      (await import('./filters.js')).describeFilters(place.name, () => ({ ...place.settings(false), lists }));
    },
  },
  budgets: {
    since: { release: '23.06', why: 'policers of before count nothing that can be read' },
    describe: async (place) => (await import('./budgets.js')).describeBudgets(place.name, inProcess(place)),
  },
  counters: {
    describe: async (place) => (await import('./counters.js')).describeCounters(place.name, killing(place)),
  },
  losses: {
    since: { release: '23.06', why: 'policers of before count nothing that can be read' },
    describe: async (place) => (await import('./losses.js')).describeLosses(place.name, inProcess(place)),
  },
  'still-copies': {
    describe: async (place) => (await import('./still-copies.js')).describeStillCopies(place.name, inProcess(place)),
  },
  'collector-link': {
    describe: async (place) =>
      (await import('./collector-link.js')).describeCollectorLink(place.name, inProcess(place)),
  },
  'broken-taps': {
    describe: async (place) => (await import('./broken-taps.js')).describeBrokenTaps(place.name, inProcess(place)),
  },
  'broken-mirrors': {
    since: keyedGre,
    describe: async (place) =>
      (await import('./broken-mirrors.js')).describeBrokenMirrors(place.name, inProcess(place)),
  },
  'bad-input': {
    unless: { real: breaksSwitch },
    describe: async () => (await import('./bad-input.js')).describeBadInput(),
  },
  'refused-requests': {
    unless: { real: 'it is about the API alone: nothing of it reaches a switch' },
    describe: async () => (await import('./refused-requests.js')).describeRefusedRequests(),
  },
  'random-meshes': {
    unless: { real: `a thousand clouds in a minute, each from a state that is put there; and ${countsWrites}` },
    describe: async () => (await import('./random-meshes.js')).describeRandomMeshes(),
  },
  bindings: {
    needs: 'etcd',
    unless: { real: countsWrites },
    describe: async () => (await import('./bindings.js')).describeBindings(),
  },
  'other-drivers': {
    unless: { real: "a vhost-user port of a real VPP needs a VM's driver: the scenario `vhost-user` has those" },
    describe: async () => (await import('./other-drivers.js')).describeOtherDrivers(),
  },
  migration: {
    needs: 'etcd',
    describe: async (place) => (await import('./migration.js')).describeMigration(place),
  },
  processes: {
    needs: 'etcd',
    unless: { real: countsWrites },
    describe: async () => (await import('./processes.js')).describeProcesses(),
  },
  'two-agents': {
    needs: 'etcd',
    unless: { real: countsWrites },
    describe: async () => (await import('./two-agents.js')).describeTwoAgents(),
  },
  releases: {
    needs: 'etcd',
    describe: async (place) => (await import('./releases.js')).describeReleases(place),
  },
  mtu: {
    needs: 'etcd',
    unless: { simulated: "the simulator does not cut packets up at an uplink's MTU" },
    describe: async (place) => (await import('./mtu.js')).describeMtu(killing(place)),
  },
  'no-buffers': {
    unless: { simulated: 'the simulator has no buffers to run out of' },
    describe: async ({ settings }) => (await import('./no-buffers.js')).describeNoBuffers(() => settings(false)),
  },
  'vhost-user': {
    needs: 'vhost-user driver',
    unless: { simulated: 'a virtio driver shares memory with VPP, which the simulator has none of' },
    describe: async (place) => (await import('./vhost-user.js')).describeVhostUser(killing(place)),
  },
} satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;
