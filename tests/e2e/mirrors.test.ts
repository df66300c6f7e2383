import { describeMirrors } from '../scenarios/mirrors.js';

describeMirrors('the simulator', () => ({ vpp: undefined }));
