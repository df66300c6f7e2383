import { describeFilters } from '../scenarios/filters.js';

describeFilters('the simulator', () => ({ vpp: undefined, lists: 12 }));
