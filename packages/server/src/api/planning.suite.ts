import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

export const planPath = '/v2.0/taas/plan';
export const collection = { tap_service: 'tap_services', tap_flow: 'tap_flows', tap_mirror: 'tap_mirrors' } as const;
export type Resource = keyof typeof collection;
export type As = ReturnType<Replica['as']>;

export const flowTo = (to: string, port: string, more: object = {}) => ({
  ...{ tap_service_id: to, source_port: port, direction: 'BOTH' },
  ...more,
});

export type Planning = Awaited<ReturnType<typeof planningCloud>>;

/**
 * A cloud to plan in, with little quota. Ports 1 to 8 are acme's (the odd ones on node1, the others on node2), 11 to 14 umbrella's;
 * 9 is bound nowhere.
 */
export async function planningCloud() {
  const cloud = new TestCloud();
  for (let n = 1; n <= 8; n++) await cloud.bind(n % 2 === 1 ? 'node1' : 'node2', portId(n), acme);
  for (let n = 11; n <= 14; n++) await cloud.bind('node1', portId(n), umbrella);
  for (const node of ['node1', 'node2']) await cloud.agent(node);
  const server = await cloud.replica({ quotas: { tap_service: 2, tap_flow: 3, tap_mirror: 2 } });
  const alice = server.as(acme);
  const make = async (resource: Resource, given: object, as = alice): Promise<string> => {
    const { status, body } = await as('POST', `/v2.0/taas/${collection[resource]}`, { [resource]: given });
    if (status !== 201) throw new Error(`${status} ${body.NeutronError.message}`);
    return body[resource].id;
  };
  return {
    ...{ cloud, server, alice, make },
    admin: server.as(acme, 'admin'),
    service: (port = portId(1)) => make('tap_service', { port_id: port }),
    planCreate: (resource: Resource, given: unknown, as = alice) =>
      as('POST', planPath, { plan: { create: { [resource]: given } } }),
    planDelete: (resource: Resource, id: unknown, as = alice) =>
      as('POST', planPath, { plan: { delete: { [resource]: id } } }),
    /** All of etcd, so that any write shows. */
    everything: () => cloud.store.list(''),
  };
}
