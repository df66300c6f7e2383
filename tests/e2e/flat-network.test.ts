import { describeFlatNetwork } from '../scenarios/flat-network.js';

describeFlatNetwork('the simulator', () => ({ vpp: undefined }));
