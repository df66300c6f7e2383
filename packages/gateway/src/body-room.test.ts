import { describe, expect, it } from 'vitest';
import { BodyRoom } from './body-room.js';
import type { Client } from './clients.js';

const client = (key: string, known = false): Client => ({ known, key, network: key });
const make = () =>
  new BodyRoom({ heldBytes: 100, heldBytesPerClient: 100, strangerBytes: 100, strangerBytesPerClient: 60 });

/** Opens room for a body of a client, and takes some. */
function body(room: BodyRoom, of: Client, bytes: number) {
  const refused: number[] = [];
  const holding = room.open(of, (error) => {
    refused.push(error.status);
    holding.release();
  });
  return { holding, refused, grown: holding.grow(bytes) };
}

describe('room for bodies', () => {
  it('is bounded for one client, and given back', () => {
    const room = make();
    const first = body(room, client('a'), 40);
    expect([first.grown, body(room, client('a'), 30).grown]).toEqual([true, false]);
    first.holding.release();
    first.holding.release();
    expect(room.held).toBe(0);
    expect(body(room, client('a'), 60).grown).toBe(true);
  });

  it('is given up by who has most of it, the latest first, and never for one who would have as much', () => {
    const room = make();
    const [old, late] = [body(room, client('a'), 30), body(room, client('a'), 30)];
    expect(body(room, client('b'), 40).grown).toBe(true);
    expect(body(room, client('c'), 30).grown).toBe(true);
    expect([old.refused, late.refused, room.held]).toEqual([[], [503], 100]);
    expect(body(room, client('d'), 40).grown).toBe(false);
    expect(room.held).toBe(100);
  });

  it('of a whole body is not given up', () => {
    const room = make();
    const [first, second] = [body(room, client('a'), 60), body(room, client('b'), 40)];
    first.holding.whole();
    second.holding.whole();
    expect(body(room, client('c'), 10).grown).toBe(false);
    expect([first.refused, second.refused]).toEqual([[], []]);
    first.holding.release();
    expect(body(room, client('c'), 10).grown).toBe(true);
  });

  it('of the known is apart from that of strangers', () => {
    const room = make();
    for (const key of ['a', 'b', 'c', 'd']) body(room, client(key), 25);
    expect(body(room, client('tenant', true), 100).grown).toBe(true);
  });
});
