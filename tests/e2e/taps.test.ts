import { describeTaps } from '../scenarios/taps.js';

describeTaps('the simulator', () => ({ vpp: undefined }));
