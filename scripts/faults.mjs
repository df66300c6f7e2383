// `npm run faults`: breaks things under traffic, and checks what must hold (tests/faults).
import { runTypescript } from './run-typescript.mjs';

await runTypescript('tests/faults/main.ts', 'faultsMain');
