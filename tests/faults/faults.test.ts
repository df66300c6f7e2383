import { describeFaults } from './faults.suite.js';

describeFaults('sim', [
  { seed: 1001, faults: ['agent-killed', 'etcd-full'] },
  { seed: 1003, faults: ['leader-killed', 'half-written-record'] },
  { seed: 1005, faults: ['vpp-killed', 'vpp-refuses'] },
  { seed: 1002, faults: ['etcd-member-killed', 'agent-partitioned'] },
]);
