import type { FuzzTarget } from '../fuzz-target.js';
import { captures } from './captures.js';
import { http } from './http.js';
import { policyFiles } from './policy-files.js';
import { records } from './records.js';
import { vppSocket } from './vpp-socket.js';

export const allTargets: readonly FuzzTarget[] = [http, records, vppSocket, captures, policyFiles];
