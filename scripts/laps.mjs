// `npm run bench:laps`: how long each kind of request keeps the server's event loop (tests/laps).
import { runTypescript } from './run-typescript.mjs';

await runTypescript('tests/laps/main.ts', 'lapsMain');
