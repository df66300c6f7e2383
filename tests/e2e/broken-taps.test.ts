import { describeBrokenMirrors } from '../scenarios/broken-mirrors.js';
import { describeBrokenTaps } from '../scenarios/broken-taps.js';

describeBrokenTaps('the simulator', () => ({ vpp: undefined }));
describeBrokenMirrors('the simulator', () => ({ vpp: undefined }));
