import { describe, expect, it } from 'vitest';
import { type Figure, Figures, isBroken, summarize } from '../scale/figures.js';

const figure = (more: Partial<Figure>): Figure => ({ scenario: 's', what: 'w', unit: '', samples: [1], ...more });

describe('a figure of a run', () => {
  it('is summarized by nearest rank', () => {
    const samples = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(summarize(samples)).toEqual({ min: 1, median: 50, p90: 90, p99: 99, max: 100 });
    expect(summarize([7])).toEqual({ min: 7, median: 7, p90: 7, p99: 7, max: 7 });
  });

  it('fails the run above its bound, and where nothing was measured for one', () => {
    expect(isBroken(figure({ samples: [1, 3], most: 3 }))).toBe(false);
    expect(isBroken(figure({ samples: [1, 4], most: 3 }))).toBe(true);
    expect(isBroken(figure({ samples: [], most: 3 }))).toBe(true);
    expect(isBroken(figure({ samples: [Number.NaN], most: 3 }))).toBe(true);
  });

  it('never fails the run for a time that is wanted to be shorter', () => {
    expect(isBroken(figure({ samples: [1_000], wanted: 5 }))).toBe(false);
  });

  it('says so in its line', () => {
    const lines: string[] = [];
    const figures = new Figures((line) => lines.push(line));
    figures.add(figure({ samples: [9], wanted: 5 }));
    figures.add(figure({ samples: [9], most: 5 }));
    expect(lines[0]).toContain('MISSED');
    expect(lines[1]).toContain('BROKEN');
    expect(figures.broken).toHaveLength(1);
    expect(figures.toJson()[1]).toMatchObject({ broken: true, max: 9, count: 1 });
  });
});
