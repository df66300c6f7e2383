// `npm run fuzz`: gives changed inputs to everything that reads what others write (tests/fuzz).
import { runTypescript } from './run-typescript.mjs';

await runTypescript('tests/fuzz/main.ts', 'fuzzMain');
