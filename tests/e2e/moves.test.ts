import { describeMoves } from '../scenarios/moves.js';

describeMoves(
  'the simulator',
  () => ({ vpp: undefined }),
  () => undefined,
);
