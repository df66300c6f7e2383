import { describeCollectorLink } from '../scenarios/collector-link.js';

describeCollectorLink('the simulator', () => ({ vpp: undefined }));
