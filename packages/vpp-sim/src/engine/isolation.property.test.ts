import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { SPAN_STATE } from './span-table.js';
import { serviceBridge, testFrame, testPort } from './test-bed.js';

const PORTS = 6;
const BRIDGES = [10, 11, 12];

/** One step of a random history of an engine: ports join, leave, are deleted and made again, and send. */
const step = fc.oneof(
  fc.record({ do: fc.constant('join' as const), port: fc.nat(PORTS - 1), bridge: fc.nat(2), shg: fc.nat(1) }),
  fc.record({ do: fc.constant('l3' as const), port: fc.nat(PORTS - 1) }),
  fc.record({ do: fc.constant('remake' as const), port: fc.nat(PORTS - 1) }),
  fc.record({ do: fc.constant('send' as const), port: fc.nat(PORTS - 1), to: fc.integer({ min: 1, max: 7 }) }),
);

describe('isolation', () => {
  it('a frame sent into a bridge domain never reaches a port outside it, nor its sender, nor anyone twice', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 60 }),
        fc.array(fc.boolean(), { minLength: 3 }),
        (steps, learn) => {
          const engine = new Engine();
          for (const [i, id] of BRIDGES.entries()) {
            const flags = { learn: learn[i] ?? true, forward: true, flood: true, uuFlood: true };
            engine.bridgeDomains.add(id, { ...flags, arpTerm: false, arpUfwd: false, macAge: 0, tag: '' });
          }
          const ports = Array.from({ length: PORTS }, (_, n) => testPort(engine, n + 1));
          const member = new Map<number, number>();
          steps.forEach((action, serial) => {
            const port = ports[action.port];
            if (port === undefined) return;
            if (action.do === 'join') {
              engine.joinBridge(port.index, BRIDGES[action.bridge] ?? 10, { shg: action.shg });
              member.set(action.port, action.bridge);
            } else if (action.do === 'l3') {
              engine.setL3(port.index);
              member.delete(action.port);
            } else if (action.do === 'remake') {
              engine.interfaces.delete(engine.interfaces.get(port.index));
              ports[action.port] = testPort(engine, action.port + 1);
              member.delete(action.port);
            } else {
              for (const each of ports) each.received.length = 0;
              port.send(testFrame(serial, { src: port.mac, dst: `02:00:00:00:00:0${action.to}` }));
              const home = member.get(action.port);
              ports.forEach((each, n) => {
                const allowed = home !== undefined && n !== action.port && member.get(n) === home ? 1 : 0;
                expect(each.received.length).toBeLessThanOrEqual(allowed);
              });
            }
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a tapped port of any network reaches its own collectors only, each exactly once', () => {
    const mesh = fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(mesh, (wanted) => {
        const engine = new Engine();
        const sources = wanted.map((_, n) => testPort(engine, n + 1));
        const collectors = [0, 1, 2].map((n) => testPort(engine, 20 + n));
        collectors.forEach((port, service) => {
          serviceBridge(engine, 9000 + service);
          engine.joinBridge(port.index, 9000 + service);
        });
        sources.forEach((source, n) => {
          engine.joinBridge(source.index, 10 + n);
          wanted[n]?.forEach((tapped, service) => {
            if (!tapped) return;
            const loop = engine.createLoopback(new Uint8Array(6));
            engine.interfaces.setAdmin(loop, true);
            engine.joinBridge(loop.swIfIndex, 9000 + service, { shg: 1 });
            engine.span.set(source.index, loop.swIfIndex, SPAN_STATE.BOTH, true);
          });
        });
        sources.forEach((source, n) => {
          source.send(testFrame(n));
        });
        collectors.forEach((collector, service) => {
          const expected = sources.flatMap((_, n) => (wanted[n]?.[service] === true ? [testFrame(n)] : []));
          expect(collector.received).toEqual(expected);
        });
      }),
      { numRuns: 100 },
    );
  });
});
