import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { HttpRequest } from '../host/http.js';
import { type Answering, development, type Surroundings, sendTo, taas } from '../testing/recording-host.suite.js';
import { sleepingClock } from '../testing/sleeping-clock.suite.js';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const evil = 'red\u001b[31m\u0007\u009b\u202ename\nnext';

const state = { status: 'ACTIVE', status_code: 'ok', status_reason: '' };
const service = { id: id(1), name: 'ids', port_id: id(101), project_id: 'acme', description: '', ...state };
const flow = {
  ...{ id: id(2), name: 'web', source_port: id(102), tap_service_id: id(1), direction: 'IN', project_id: 'acme' },
  ...{ description: 'x', vlan_filter: null, filter_rules: [{ action: 'accept' }], ...state },
};

/** Just enough of the API: collections by name, the tests' own lists. */
function api(lists: { services?: object[]; flows?: object[]; mirrors?: object[] }): Answering {
  return ({ path, method }) => {
    const [, collection = '', one] = /^\/v2\.0\/taas\/(tap_\w+)(?:\/([^?]+))?/.exec(path) ?? [];
    const all = { tap_services: lists.services, tap_flows: lists.flows, tap_mirrors: lists.mirrors }[collection] ?? [];
    if (method === 'DELETE') return { status: 204 };
    if (one === undefined) return { json: { [collection]: all } };
    const found = all.find((each) => (each as { id: string }).id === one);
    return found ? { json: { [collection.slice(0, -1)]: found } } : { status: 404, json: {} };
  };
}
const run = (lists: Parameters<typeof api>[0], ...words: string[]) =>
  taas({ env: development, send: sendTo(api(lists)) }, ...words);

describe('list', () => {
  it('shows all kinds in stable columns', async () => {
    const { out, code } = await run({ services: [service], flows: [flow] }, 'list');
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'id                                    kind     name  status  status_code',
        '------------------------------------  -------  ----  ------  -----------',
        `${id(1)}  service  ids   ACTIVE  ok`,
        `${id(2)}  flow     web   ACTIVE  ok`,
        '',
      ].join('\n'),
    );
  });

  it('is of one kind in each format', async () => {
    const lists = { flows: [flow] };
    expect((await run(lists, 'list', 'flows', '-f', 'value')).out).toBe(
      `${id(2)}\tweb\t${id(102)}\tIN\t${id(1)}\tACTIVE\tok\n`,
    );
    expect((await run(lists, 'list', 'flows', '-f', 'wide')).out).toContain('[{"action":"accept"}]');
    const whole = [{ kind: 'tap_flow', ...flow }];
    expect(JSON.parse((await run(lists, '-f', 'json', 'list', 'flows')).out)).toEqual(whole);
    expect(parse((await run(lists, 'list', '-f', 'yaml', 'flows')).out)).toEqual(whole);
  });

  it('lets nothing of a stranger reach the terminal that moves or colours it', async () => {
    const named = { services: [{ ...service, name: evil }] };
    for (const format of ['table', 'wide', 'value', 'json', 'yaml']) {
      const { out } = await run(named, 'list', 'services', '-f', format);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
      expect(out, format).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(out, format).toContain('red');
    }
    expect(JSON.parse((await run(named, 'list', 'services', '-f', 'json')).out)[0].name).toBe(evil);
    expect(parse((await run(named, 'list', 'services', '-f', 'yaml')).out)[0].name).toBe(evil);
    const error = await taas(
      { env: development, send: sendTo(() => ({ status: 400, json: { NeutronError: { message: evil } } })) },
      'list',
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(error.err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('follows the pages by their query, never to another host', async () => {
    const seen: HttpRequest[] = [];
    const send = sendTo(({ path }) => {
      const next = [{ rel: 'next', href: 'http://evil.example/v2.0/taas/tap_services?marker=m' }];
      return path.endsWith('marker=m')
        ? { json: { tap_services: [{ ...service, id: id(3) }] } }
        : { json: { tap_services: [service], tap_services_links: next } };
    }, seen);
    const { out } = await taas({ env: development, send }, 'list', 'services', '-f', 'value');
    expect(out.split('\n')).toHaveLength(3);
    expect(seen.map(({ url }) => new URL(url).host)).toEqual(['127.0.0.1:9', '127.0.0.1:9']);
  });
});

describe('show', () => {
  it('finds by id and by name, and says everything', async () => {
    for (const word of [id(2), 'web']) {
      const { out } = await run({ services: [service], flows: [flow] }, 'show', word, '-f', 'json');
      expect(JSON.parse(out)).toEqual({ kind: 'tap_flow', ...flow });
    }
  });

  it('lists all whom a name may mean, and shows none', async () => {
    const twin = { ...flow, name: 'ids' };
    const { code, out, err } = await run({ services: [service], flows: [twin] }, 'show', 'ids');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain(id(1));
    expect(err).toContain(id(2));
    expect((await run({ services: [service], flows: [twin] }, 'show', 'ids', '--kind', 'flow')).code).toBe(0);
  });

  it('is not fooled by a server that does not filter', async () => {
    expect((await run({ services: [service] }, 'show', 'other')).code).toBe(3);
    expect((await run({ services: [service] }, 'show', id(9))).code).toBe(3);
  });
});

describe('exit codes', () => {
  it.each<[number, string, Answering]>([
    [5, 'a token that is not taken', () => ({ status: 401, body: 'Authentication required' })],
    [6, 'nobody there', () => undefined],
    [6, 'a server in trouble', () => ({ status: 503, json: {} })],
    [6, 'something else behind the endpoint', () => ({ body: '<html>' })],
    [8, 'a refusal', () => ({ status: 403, json: { NeutronError: { type: 'PolicyNotAuthorized', message: 'no' } } })],
  ])('%i: %s', async (code, _, answering) => {
    expect((await taas({ env: development, send: sendTo(answering) }, 'list', 'flows')).code).toBe(code);
  });

  it('64: a wrong command line', async () => {
    for (const words of [
      ['lst'],
      ['list', 'things'],
      ['create', 'flow'],
      ['list', '-f', 'xml'],
      ['list', '--timeout', '0'],
    ])
      expect((await run({}, ...words)).code, words.join(' ')).toBe(64);
    expect((await run({}, '--help')).code).toBe(0);
    expect((await run({}, 'create', 'mirror', '--port', id(1), '--remote-ip', '192.0.2.1', '--type', 'gre')).code).toBe(
      64,
    );
  });

  it('130: interrupted', async () => {
    const abort = new AbortController();
    const send = async () => {
      abort.abort(new Error('SIGINT'));
      throw abort.signal.reason;
    };
    expect((await taas({ env: development, send, signal: abort.signal }, 'list')).code).toBe(130);
  });
});

describe('delete', () => {
  const deleting = async (around: Surroundings, ...words: string[]) => {
    const seen: HttpRequest[] = [];
    const send = sendTo(api({ services: [service], flows: [flow] }), seen);
    const ran = await taas({ env: development, send, ...around }, 'delete', ...words);
    return {
      ...ran,
      deleted: seen.filter(({ method }) => method === 'DELETE').map(({ url }) => url.split('/').at(-1)),
    };
  };

  it('asks first, and tells which flows go along', async () => {
    const yes = await deleting({ says: 'y' }, 'ids');
    expect(yes).toMatchObject({ code: 0, deleted: [id(1)] });
    expect(yes.err).toContain('and its 1 tap flows with it');
    expect(await deleting({ says: '' }, 'ids')).toMatchObject({ code: 1, deleted: [] });
  });

  it('does nothing where nobody can be asked, unless told to', async () => {
    expect(await deleting({}, 'ids')).toMatchObject({ code: 64, deleted: [] });
    expect(await deleting({}, 'ids', '--yes')).toMatchObject({ code: 0, deleted: [id(1)] });
  });

  it('deletes nothing unless all are found', async () => {
    expect(await deleting({}, 'ids', 'nothing', '-y')).toMatchObject({ code: 3, deleted: [] });
  });
});

describe('a server that lies', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  const moving = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;
  it.each<[string, object, string]>([
    ['an id that is none', { id: evil }, 'the answer is none of the TaaS API'],
    ['a direction that is none', { direction: evil }, 'the answer is none of the TaaS API'],
  ])('about %s is not believed', async (_, lie, says) => {
    const lies = { services: [service], flows: [{ ...flow, ...lie }] };
    for (const words of [['list'], ['show', 'web'], ['delete', 'web'], ['delete', 'web', '--yes'], ['trace', 'web']]) {
      const { code, out, err } = await run(lies, ...words);
      expect({ code, out }, words.join(' ')).toEqual({ code: 6, out: '' });
      expect(err).toContain(says);
      expect(err).not.toMatch(moving);
    }
  });

  it('about the direction of a figure is not shown', async () => {
    const figure = { stage: 'seen', direction: evil, packets: 1 };
    const lists = api({ services: [service], flows: [flow] });
    const send = sendTo((request) =>
      request.path.endsWith('/statistics')
        ? { json: { statistics: { stages: [figure, { ...figure, direction: 'OUT' }] } } }
        : lists(request),
    );
    const { code, out } = await taas({ env: development, send, clock: sleepingClock() }, 'trace', 'web', '--live=1');
    expect(code).toBe(0);
    expect(out.match(/ packets$/gm)).toHaveLength(1);
    expect(out).not.toMatch(moving);
  });
});

describe('--wait', () => {
  const creating = (states: readonly object[], ...words: string[]) => {
    let looks = 0;
    const send = sendTo(({ method }) => {
      if (method === 'POST')
        return { status: 201, json: { tap_service: { ...service, status: 'DOWN', status_code: 'not_published' } } };
      const now = states[Math.min(looks, states.length - 1)];
      looks += 1;
      return { json: { tap_service: { ...service, ...now } } };
    });
    return taas(
      { env: development, send, clock: sleepingClock() },
      'create',
      'service',
      '--port',
      id(101),
      '-f',
      'json',
      ...words,
    );
  };
  const pending = { status: 'PENDING_CREATE', status_code: 'port_not_bound', status_reason: 'port is not bound' };

  it('returns when it is ACTIVE, and says how long it took', async () => {
    const { code, out, err } = await creating([pending, pending, state], '--wait');
    expect(code).toBe(0);
    expect(JSON.parse(out).status).toBe('ACTIVE');
    expect(err).toMatch(/ACTIVE after 0\.\d{3} s\n$/);
  });

  it('gives up in time, with the reason and what mends it; the tap is shown all the same', async () => {
    const { code, out, err } = await creating([pending], '--wait=3');
    expect(code).toBe(7);
    expect(err).toContain('not ACTIVE after 3 s: PENDING_CREATE, port_not_bound, port is not bound; start the VM');
    expect(err).toContain('waiting for ACTIVE: PENDING_CREATE');
    expect(JSON.parse(out).id).toBe(id(1));
  });

  it('gives up at once in a state that the caller must end', async () => {
    const refused = { status: 'ERROR', status_code: 'filter_invalid', status_reason: 'rule 1' };
    const { code, err } = await creating([pending, refused], '--wait=1000');
    expect(code).toBe(7);
    expect(err).toContain('change the filter');
  });
});
