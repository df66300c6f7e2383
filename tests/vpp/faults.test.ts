import { describeFaults } from '../faults/faults.suite.js';

describeFaults('real', [
  { seed: 2001, faults: ['agent-killed', 'vpp-refuses'] },
  { seed: 2003, faults: ['vpp-killed', 'leader-killed'] },
  { seed: 2002, faults: ['second-agent', 'vpp-late'] },
]);
