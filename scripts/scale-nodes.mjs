// Some of the nodes of tests/scale, in a process of their own: started by it, and told what to do over the IPC channel.
import { join } from 'node:path';
import { root } from './prepare.mjs';
import { typescriptLoader } from './run-typescript.mjs';

const loader = await typescriptLoader();
const { playNodes } = await loader.ssrLoadModule(join(root, 'tests/scale/nodes/play-nodes.ts'));
await playNodes(process);
await loader.close();
process.exit(0);
