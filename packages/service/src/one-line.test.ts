import fc from 'fast-check';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { loggerOptions } from './log.js';
import { oneLineJson } from './one-line.js';

/** All that Python's splitlines splits at, and what turns a line's direction. */
const odd = '\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029\u0000\u001b[2J\u202e\u2066\u009b';
const control = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069';
const harmless = new RegExp(`^[^${control}]*$`, 'u');

it('JSON of any text is one line, and the same when it is read', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(odd));
  fc.assert(
    fc.property(text, (value) => {
      const line = oneLineJson(JSON.stringify({ value, [value]: 1 }));
      expect(line).toMatch(harmless);
      expect(JSON.parse(line)).toEqual({ value, [value]: 1 });
    }),
  );
  expect(JSON.stringify(odd)).not.toMatch(harmless);
});

it('a log entry is one line, whatever a tenant has called his tap', () => {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  const logger = pino(loggerOptions({ program: 'test', level: 'info' }), stream);
  logger.info({ name: odd, cause: new Error(odd) }, 'a tap was made');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.replace(/\n$/, '')).toMatch(harmless);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name: odd });
});
