import { describe, expect, it } from 'vitest';
import { mayTake } from './fair-share.js';

/** Projects come one after the other, and each takes all that it may. @returns how much each has */
function greedy(size: number, share: number, projects: number): number[] {
  let byAll = 0;
  return Array.from({ length: projects }, () => {
    let byProject = 0;
    while (mayTake({ size, byAll, byProject }, share)) {
      byAll += 1;
      byProject += 1;
    }
    return byProject;
  });
}

describe('a fair share', () => {
  it('of a project alone is the configured part of all', () => {
    expect(greedy(100, 0.2, 1)).toEqual([20]);
    expect(greedy(100, 1, 2)).toEqual([100, 0]);
  });

  it('leaves something for whoever comes, however greedy those before are', () => {
    const taken = greedy(100, 0.2, 20);
    expect(Math.min(...taken)).toBeGreaterThanOrEqual(1);
    // A fixed part of the whole would be gone with five.
    expect(taken.slice(0, 5).reduce((sum, each) => sum + each, 0)).toBeLessThan(70);
  });

  it('is one at least, as long as one is free, and nothing once none is', () => {
    expect(mayTake({ size: 1, byAll: 0, byProject: 0 }, 0.2)).toBe(true);
    expect(mayTake({ size: 1, byAll: 1, byProject: 0 }, 1)).toBe(false);
    expect(mayTake({ size: 4, byAll: 3, byProject: 0 }, 1, 2)).toBe(false);
  });
});
