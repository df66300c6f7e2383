import { describeStillCopies } from '../scenarios/still-copies.js';

describeStillCopies('the simulator', () => ({ vpp: undefined }));
