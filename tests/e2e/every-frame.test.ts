import { describeEveryFrame } from '../scenarios/every-frame.js';

describeEveryFrame('the simulator', () => ({ vpp: undefined }));
