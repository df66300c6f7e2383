import { describeIsolation } from '../scenarios/isolation.js';

describeIsolation('the simulator', () => ({ vpp: undefined }));
