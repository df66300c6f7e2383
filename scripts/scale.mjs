// `npm run scale`: a cloud of a thousand nodes on this machine, measured (tests/scale).
import { runTypescript } from './run-typescript.mjs';

await runTypescript('tests/scale/main.ts', 'scaleMain');
