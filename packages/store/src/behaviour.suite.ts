import { afterAll, beforeAll, describe } from 'vitest';
import { describeCalls } from './behaviour-calls.suite.js';
import { describeFollow } from './behaviour-follow.suite.js';
import type { StoreHarness } from './behaviour-harness.suite.js';
import { describeLeases } from './behaviour-lease.suite.js';

/** What every implementation of the port must do; run by the tests of each. */
export function describeStoreBehaviour(
  name: string,
  open: () => Promise<StoreHarness>,
  options: { propertyRuns: number },
) {
  describe(name, () => {
    let opened: StoreHarness | undefined;
    const harness = () => {
      if (opened === undefined) throw new Error('the store under test was not opened');
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.dispose());
    describeCalls(harness);
    describeFollow(harness, options.propertyRuns);
    describeLeases(harness);
  });
}
