import { describe, expect, it, vi } from 'vitest';
import { connect } from './connect.js';
import {
  VppCompatibilityError,
  VppDisconnectedError,
  VppDumpTooLargeError,
  VppFrameError,
  VppOverloadedError,
  VppRetvalError,
  VppTimeoutError,
} from './errors.js';
import { encodeFrame } from './framing.js';
import { defineMessages } from './message-set.js';
import { FakeVpp, ManualClock, settle } from './testing/fake-vpp.js';

const messages = defineMessages({
  requests: {
    control_ping: { request: {}, reply: { retval: 'i32', vpe_pid: 'u32' } },
    delete_loopback: { request: { sw_if_index: 'u32' }, reply: { retval: 'i32' } },
  },
  dumps: { thing_dump: { request: { from: 'u32' }, details: { n: 'u32' } } },
  events: { thing_event: { n: 'u32' } },
});

async function start(options: { maxInFlight?: number; maxWaiting?: number } = {}) {
  const vpp = new FakeVpp();
  const clock = new ManualClock();
  const problems: Error[] = [];
  const client = await connect({
    socketPath: '/fake',
    clientName: 'test',
    messages,
    transport: vpp.transport,
    clock,
    onProblem: (error) => problems.push(error),
    ...options,
  });
  return { vpp, clock, client, problems };
}

/** Frames of 16 bytes of header, 2 of id, 8 of client_index and context, 4 of sw_if_index. */
const DELETE_LOOPBACK_BYTES = 30;

describe('requests', () => {
  it('are matched by context, whatever the order of the replies', async () => {
    const { vpp, client } = await start();
    vpp.silent.add('delete_loopback');
    const first = client.request('delete_loopback', { sw_if_index: 1 });
    const second = client.request('delete_loopback', { sw_if_index: 2 });
    await settle();
    const [one, two] = vpp.received.slice(-2).map(({ fields }) => fields['context']);
    vpp.send('delete_loopback_reply', { context: two, retval: -2 });
    vpp.send('delete_loopback_reply', { context: one, retval: 0 });
    await expect(first).resolves.toMatchObject({ retval: 0 });
    await expect(second).rejects.toMatchObject({
      retval: -2,
      errorName: 'VNET_API_ERROR_INVALID_SW_IF_INDEX',
      messageName: 'delete_loopback',
    });
    await expect(second).rejects.toBeInstanceOf(VppRetvalError);
  });

  it('carry the client index that VPP gave', async () => {
    const { vpp, client } = await start();
    await client.request('delete_loopback', { sw_if_index: 5 });
    expect(vpp.received.at(-1)?.fields).toMatchObject({ client_index: 77, sw_if_index: 5 });
  });

  it('of one turn leave in one write', async () => {
    const { vpp, client } = await start();
    vpp.writes.length = 0;
    await Promise.all(Array.from({ length: 100 }, (_, i) => client.request('delete_loopback', { sw_if_index: i })));
    expect(vpp.writes).toEqual([100 * DELETE_LOOPBACK_BYTES]);
  });

  it('that do not fit are refused and leave nothing half-written behind', async () => {
    const { vpp, client } = await start();
    vpp.writes.length = 0;
    const bad = client.request('delete_loopback', { sw_if_index: -1 });
    const good = client.request('delete_loopback', { sw_if_index: 1 });
    await expect(bad).rejects.toThrow(/delete_loopback\.sw_if_index: -1 is not a u32/);
    await good;
    expect(vpp.writes).toEqual([DELETE_LOOPBACK_BYTES]);
    expect(client.inFlight).toBe(0);
  });

  it('wait when maxInFlight are unanswered, and go on when one is', async () => {
    const { vpp, client } = await start({ maxInFlight: 2, maxWaiting: 2 });
    vpp.silent.add('delete_loopback');
    const all = [1, 2, 3, 4].map((n) => client.request('delete_loopback', { sw_if_index: n }));
    await expect(client.request('delete_loopback', { sw_if_index: 5 })).rejects.toBeInstanceOf(VppOverloadedError);
    await settle();
    const seen = () =>
      vpp.received.filter(({ name }) => name === 'delete_loopback').map(({ fields }) => fields['sw_if_index']);
    expect(seen()).toEqual([1, 2]);
    vpp.send('delete_loopback_reply', { context: vpp.received.at(-1)?.fields['context'], retval: 0 });
    await settle();
    expect(seen()).toEqual([1, 2, 3]);
    vpp.hangUp();
    await Promise.allSettled(all);
  });

  it('time out, in flight and waiting; the late reply is dropped', async () => {
    const { vpp, clock, client, problems } = await start({ maxInFlight: 1 });
    vpp.silent.add('delete_loopback');
    const sent = client.request('delete_loopback', { sw_if_index: 1 }, { timeoutMs: 100 });
    const waiting = client.request('delete_loopback', { sw_if_index: 2 }, { timeoutMs: 100 });
    const failures = Promise.allSettled([sent, waiting]);
    await settle();
    clock.advance(150);
    for (const result of await failures)
      expect(result).toMatchObject({ reason: new VppTimeoutError('delete_loopback', 100) });
    vpp.send('delete_loopback_reply', { context: vpp.received.at(-1)?.fields['context'], retval: 0 });
    await client.ping();
    expect(problems).toEqual([]);
  });

  it('are aborted by their signal, in flight and waiting, and give their place back', async () => {
    const { vpp, client } = await start({ maxInFlight: 1 });
    vpp.silent.add('delete_loopback');
    const controller = new AbortController();
    const { signal } = controller;
    const both = [1, 2].map((n) => client.request('delete_loopback', { sw_if_index: n }, { signal }));
    const failures = Promise.allSettled(both);
    await settle();
    controller.abort(new Error('enough'));
    for (const result of await failures) expect(result).toMatchObject({ reason: new Error('enough') });
    await client.ping();
    await expect(client.request('delete_loopback', { sw_if_index: 1 }, { signal })).rejects.toThrow('enough');
  });

  it('are failed by a reply cut short, and only they', async () => {
    const { vpp, client } = await start();
    vpp.silent.add('delete_loopback');
    const request = client.request('delete_loopback', { sw_if_index: 1 });
    await settle();
    const reply = Buffer.alloc(5);
    reply.writeUInt32BE(Number(vpp.received.at(-1)?.fields['context']));
    vpp.sendBytes(encodeFrame(vpp.id('delete_loopback_reply'), reply));
    await expect(request).rejects.toThrow(/delete_loopback_reply\.retval: message too short/);
    await client.ping();
  });
});

describe('dumps', () => {
  it('end with the control_ping behind them, also when empty', async () => {
    const { vpp, client } = await start();
    expect(await client.dump('thing_dump', { from: 0 })).toEqual([]);
    vpp.details = [3, 1, 2];
    expect((await client.dump('thing_dump', { from: 0 })).map(({ n }) => n)).toEqual([3, 1, 2]);
  });

  it('are bounded', async () => {
    const { vpp, client } = await start();
    vpp.details = [1, 2, 3];
    const dump = client.dump('thing_dump', { from: 0 }, { maxDetails: 2 });
    await expect(dump).rejects.toBeInstanceOf(VppDumpTooLargeError);
    await client.ping();
  });
});

describe('a details that cannot be read', () => {
  const cutOff = async () => {
    const { vpp, client } = await start();
    vpp.silent.add('thing_dump');
    const unreadable: string[] = [];
    const ask = (tolerant: boolean) => {
      const dump = client.dump(
        'thing_dump',
        { from: 0 },
        tolerant ? { unreadable: (error, known) => unreadable.push(`${error.message} ${JSON.stringify(known)}`) } : {},
      );
      dump.catch(() => undefined);
      return dump;
    };
    const answer = async () => {
      vpp.silent.add('control_ping');
      await settle();
      const asked = vpp.received.filter(({ name }) => name === 'thing_dump').at(-1);
      const context = Number(asked?.fields['context']);
      vpp.send('thing_details', { context, n: 1 });
      const short = Buffer.alloc(6);
      short.writeUInt32BE(context);
      vpp.sendBytes(encodeFrame(vpp.id('thing_details'), short));
      vpp.send('thing_details', { context, n: 3 });
      vpp.send('control_ping_reply', { context: context + 1, retval: 0, vpe_pid: 1 });
    };
    return { ask, answer, unreadable };
  };

  it('fails the dump', async () => {
    const { ask, answer } = await cutOff();
    const dump = ask(false);
    await answer();
    await expect(dump).rejects.toThrow(/thing_details\.n: message too short/);
  });

  it('is left out for whoever asks for that, who is told what could be read of it', async () => {
    const { ask, answer, unreadable } = await cutOff();
    const dump = ask(true);
    await answer();
    expect((await dump).map(({ n }) => n)).toEqual([1, 3]);
    expect(unreadable).toEqual([expect.stringMatching(/too short.*"context":/)]);
  });
});

describe('events', () => {
  it('reach their listeners until disposed of; one that throws stops nobody', async () => {
    const { vpp, client, problems } = await start();
    const seen: number[] = [];
    client.on('thing_event', () => {
      throw new Error('listener');
    });
    const subscription = client.on('thing_event', ({ n }) => seen.push(n));
    vpp.send('thing_event', { client_index: 0, n: 1 });
    vpp.sendBytes(encodeFrame(vpp.id('thing_event'), Uint8Array.of(1)));
    vpp.send('thing_event', { client_index: 0, n: 2 });
    subscription[Symbol.dispose]();
    vpp.send('thing_event', { client_index: 0, n: 3 });
    expect(seen).toEqual([1, 2]);
    expect(problems.map(({ message }) => message)).toEqual([
      'listener',
      'thing_event.client_index: message too short: 4 bytes needed, 1 left',
      'listener',
      'listener',
    ]);
  });
});

describe('the end of the connection', () => {
  it('fails everything at once, waiting requests too, and later ones', async () => {
    const { vpp, client } = await start({ maxInFlight: 1 });
    vpp.silent.add('delete_loopback');
    const all = [1, 2].map((n) => client.request('delete_loopback', { sw_if_index: n }));
    const failures = Promise.allSettled(all);
    await settle();
    vpp.hangUp(new Error('ECONNRESET'));
    for (const result of await failures) expect(result).toMatchObject({ reason: expect.any(VppDisconnectedError) });
    expect((await client.closed)?.message).toMatch(/lost: ECONNRESET/);
    await expect(client.ping()).rejects.toBeInstanceOf(VppDisconnectedError);
    await settle();
    expect(client.health).toBe('disconnected');
  });

  it('by close says goodbye to VPP and is no error', async () => {
    const { vpp, client } = await start();
    const ping = expect(client.ping()).rejects.toThrow(/closed by this program/);
    await client.close();
    await ping;
    expect(await client.closed).toBeUndefined();
    expect(vpp.received.at(-1)).toMatchObject({ name: 'sockclnt_delete', fields: { client_index: 77, index: 77 } });
  });

  it('by close does not depend on an answer', async () => {
    const { vpp, clock, client } = await start();
    vpp.silent.add('sockclnt_delete');
    const closed = client.close();
    await settle();
    clock.advance(300);
    await closed;
  });

  it('follows a frame that cannot be one', async () => {
    const { vpp, client } = await start();
    vpp.sendBytes(new Uint8Array(16).fill(0xff));
    expect((await client.closed)?.cause).toBeInstanceOf(VppFrameError);
  });
});

describe('health', () => {
  it('is not-responding when a ping stays unanswered, and connected again at the first sign of life', async () => {
    const { vpp, clock, client } = await start();
    const states: string[] = [];
    client.onHealth((health) => states.push(health));
    vpp.silent.add('control_ping');
    vpp.silent.add('delete_loopback');
    const request = client.request('delete_loopback', { sw_if_index: 1 });
    clock.advance(1000);
    await settle();
    expect(client.health).toBe('connected');
    clock.advance(300);
    expect(client.health).toBe('not-responding');
    vpp.silent.clear();
    const sent = vpp.received.find(({ name }) => name === 'delete_loopback');
    vpp.send('delete_loopback_reply', { context: sent?.fields['context'], retval: 0 });
    await request;
    expect(states).toEqual(['not-responding', 'connected']);
    vpp.hangUp();
    await settle();
    expect(states.at(-1)).toBe('disconnected');
  });

  it('any message counts as life: no ping is sent to a VPP that talks', async () => {
    const { vpp, clock, client } = await start();
    client.on('thing_event', vi.fn());
    vpp.received.length = 0;
    for (let i = 0; i < 5; i++) {
      vpp.send('thing_event', { client_index: 0, n: i });
      clock.advance(1000);
    }
    await settle();
    expect(vpp.received).toEqual([]);
  });
});

const fake = () => ({ socketPath: '/fake', clientName: 't', transport: new FakeVpp().transport });

describe('connecting', () => {
  it('lists every mismatch with VPP, and its version', async () => {
    const vpp = new FakeVpp();
    const wrong = defineMessages({
      requests: {
        no_such: { request: {}, reply: { retval: 'i32' } },
        delete_loopback: { request: { sw_if_index: 'u64', more: 'bool' }, reply: {} },
      },
      dumps: { thing_dump: { request: {}, details: { n: 'u32' } } },
      events: { thing_event: { n: 'u32[2]' } },
    });
    const attempt = connect({ socketPath: '/fake', clientName: 't', messages: wrong, transport: vpp.transport });
    const error = await attempt.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(VppCompatibilityError);
    expect(error).toMatchObject({
      vppVersion: '1.2',
      mismatches: [
        'no_such: this VPP has no such message (is its plugin loaded?)',
        'no_such_reply: this VPP has no such message (is its plugin loaded?)',
        'delete_loopback.sw_if_index: is u32, expected u64',
        'delete_loopback.more: VPP has no such field',
        'delete_loopback_reply.retval: VPP has this field (i32), the program does not know it',
        'thing_dump.from: VPP has this field (u32), the program does not know it',
        'thing_event.n: is u32, expected u32[2]',
      ],
    });
    await settle();
    expect(vpp.received.at(-1)?.name).toBe('sockclnt_delete');
  });

  it('does without messages that are optional, and without those that are there in another form, and says so', async () => {
    const without = defineMessages({
      ...messages,
      requests: { ...messages.requests, no_such: { request: {}, reply: { retval: 'i32' } } },
      optional: ['no_such', 'delete_loopback'],
    });
    const client = await connect({ ...fake(), messages: without });
    expect([client.has('no_such'), client.has('delete_loopback')]).toEqual([false, true]);
    await client.close();
    const reply = { retval: 'u32' } as const;
    const wrong = defineMessages({
      requests: { delete_loopback: { request: { sw_if_index: 'u32' }, reply } },
      dumps: {},
      events: {},
      optional: ['delete_loopback'],
    });
    const other = await connect({ ...fake(), messages: wrong });
    expect(other.has('delete_loopback')).toBe(false);
    await other.close();
    await expect(connect({ ...fake(), messages: { ...wrong, optional: [] } })).rejects.toThrow(
      'delete_loopback_reply.retval: is i32',
    );
  });

  it('refuses a VPP that has neither of two things of which one is needed', async () => {
    const alsoNeeds = (has: (name: string) => boolean) => (has('no_such') ? [] : ['things: neither a nor b']);
    await expect(connect({ ...fake(), messages, alsoNeeds })).rejects.toMatchObject({
      code: 'VPP_COMPATIBILITY',
      mismatches: ['things: neither a nor b'],
    });
  });

  it('fails when there is no socket, and says what to do', async () => {
    const attempt = connect({ socketPath: '/nonexistent/api.sock', clientName: 't', messages });
    await expect(attempt).rejects.toThrow(/api\.sock: it does not exist; is VPP running/);
  });

  it('times out on a VPP that does not answer, and can be aborted', async () => {
    const attempt = (options: { readonly connectTimeoutMs?: number; readonly signal?: AbortSignal }) => {
      const vpp = new FakeVpp();
      vpp.silent.add('get_api_json');
      return connect({ socketPath: '/fake', clientName: 't', messages, transport: vpp.transport, ...options });
    };
    await expect(attempt({ connectTimeoutMs: 30 })).rejects.toBeInstanceOf(VppTimeoutError);
    await expect(attempt({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
