import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type Reply, type TestCloud } from '../test-cloud.suite.js';
import { bad, error, makeService, nobody, services, twoProjects } from './two-projects.suite.js';

let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;

beforeEach(async () => {
  ({ cloud, server } = await twoProjects());
  alice = server.as(acme);
});
afterEach(() => cloud.stop());

const service = (port?: string, attributes?: object, as = alice) => makeService(as, port, attributes);

describe('lists', () => {
  const names = (reply: Reply) => reply.body.tap_services.map(({ name }) => name);
  let ids: Map<string, string>;

  beforeEach(async () => {
    ids = new Map();
    for (const [name, n, description] of [
      ['delta', 1, 'd0'],
      ['alpha', 2, 'd1'],
      ['charlie', 3, 'd0'],
      ['bravo', 4, 'd1'],
      ['echo', 1, 'd0'],
    ] as const) {
      ids.set(name, await service(portId(n), { name, description }));
    }
  });

  it('filter exactly, with OR within a key and AND across keys', async () => {
    expect(names(await alice('GET', `${services}?name=alpha&name=bravo&fields=name`))).toEqual(['alpha', 'bravo']);
    expect(names(await alice('GET', `${services}?name=alpha&description=d0`))).toEqual([]);
    expect(names(await alice('GET', `${services}?name=al`))).toEqual([]);
    expect(names(await alice('GET', `${services}?bogus=1&port_id=${portId(1)}`))).toEqual(['delta', 'echo']);
    expect(names(await alice('GET', `${services}?status=ACTIVE`))).toEqual([]);
    expect(names(await alice('GET', `${services}?status=DOWN&status=PENDING_CREATE&`))).toHaveLength(5);
    expect((await alice('GET', `${services}?fields=bogus&name=echo`)).body).toEqual({ tap_services: [{}] });
    expect((await alice('GET', `${services}/${ids.get('echo')}?fields=name`)).body).toEqual({
      tap_service: { name: 'echo' },
    });
  });

  it('come in pages, with links to the next and the previous', async () => {
    const page = await alice('GET', `${services}?limit=2&fields=name&marker=${ids.get('alpha')}`);
    const at = `http://localhost:80${services}?limit=2&fields=name`;
    expect(page.body).toEqual({
      tap_services: [{ name: 'charlie' }, { name: 'bravo' }],
      tap_services_links: [
        { rel: 'next', href: `${at}&marker=${ids.get('bravo')}` },
        { rel: 'previous', href: `${at}&marker=${ids.get('charlie')}&page_reverse=True` },
      ],
    });
    const back = await alice('GET', `${services}?limit=2&page_reverse=true&marker=${ids.get('bravo')}`);
    expect(names(back)).toEqual(['alpha', 'charlie']);
    expect(names(await alice('GET', `${services}?limit=2&page_reverse=True`))).toEqual(['bravo', 'echo']);
    const lost = await alice('GET', `${services}?limit=2&fields=name&marker=${nobody}`);
    expect(lost.body).toEqual({
      tap_services: [],
      tap_services_links: [{ rel: 'previous', href: `${at}&page_reverse=True` }],
    });
    expect(names(await alice('GET', `${services}?limit=0`))).toHaveLength(5);
    for (const limit of ['-1', 'abc', '']) {
      expect(await alice('GET', `${services}?limit=${limit}`)).toMatchObject({
        status: 400,
        body: error('BadRequest', `Bad limit request: Limit must be an integer 0 or greater and not '${limit}'.`),
      });
    }
  });

  it('are sorted by any attribute, equals as they were made, and paged in that order', async () => {
    await service(portId(8), { name: 'b', description: 'x' });
    await service(portId(8), { name: 'a', description: 'y' });
    const last = await service(portId(8), { name: 'a', description: 'x' });
    const names = async (query: string) => {
      const { body } = await alice('GET', `${services}?port_id=${portId(8)}&${query}&fields=name&fields=description`);
      return body.tap_services.map(({ name, description }) => `${name}${description}`);
    };
    expect(await names('sort_key=name&sort_dir=asc')).toEqual(['ay', 'ax', 'bx']);
    expect(await names('sort_key=description&sort_dir=desc&sort_key=name&sort_dir=asc')).toEqual(['ay', 'ax', 'bx']);
    expect(await names(`sort_key=name&sort_dir=asc&limit=2&marker=${last}`)).toEqual(['bx']);
    expect(await names(`sort_key=name&sort_dir=asc&limit=1&marker=${last}&page_reverse=True`)).toEqual(['ay']);
    expect(await alice('GET', `${services}?sort_key=color&sort_dir=asc`)).toMatchObject({
      status: 400,
      body: bad("['color'] is invalid attribute for sort_keys"),
    });
    expect(await alice('GET', `${services}?sort_key=name`)).toMatchObject({
      status: 400,
      body: bad('The number of sort_keys and sort_dirs must be same'),
    });
  });
});
