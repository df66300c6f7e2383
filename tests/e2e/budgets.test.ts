import { describeBudgets } from '../scenarios/budgets.js';

describeBudgets('the simulator', () => ({ vpp: undefined }));
