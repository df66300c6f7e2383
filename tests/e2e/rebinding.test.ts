import { describeRebinding } from '../scenarios/rebinding.js';

describeRebinding('the simulator', () => ({ vpp: undefined }));
