import { expect } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

export type As = ReturnType<Replica['as']>;

export const services = '/v2.0/taas/tap_services';
export const flows = '/v2.0/taas/tap_flows';
/** An id that nobody has. */
export const nobody = '11111111-1111-4111-8111-111111111111';

/** A cloud in which eight ports of acme (from 1) and of umbrella (from 11) are bound, with a server. */
export async function twoProjects(): Promise<{ readonly cloud: TestCloud; readonly server: Replica }> {
  const cloud = new TestCloud();
  for (let n = 1; n <= 8; n++) await cloud.bind('node1', portId(n), acme);
  for (let n = 11; n <= 18; n++) await cloud.bind('node1', portId(n), umbrella);
  return { cloud, server: await cloud.replica() };
}

/** Neutron's answer to a request that it refuses. */
export const error = (type: string, message: string) => ({ NeutronError: { type, message, detail: '' } });
export const bad = (message: string) => error('HTTPBadRequest', message);

/** @returns its id */
export async function makeService(as: As, port = portId(1), attributes: object = {}): Promise<string> {
  const reply = await as('POST', services, { tap_service: { port_id: port, ...attributes } });
  expect(reply.status).toBe(201);
  return reply.body.tap_service.id;
}

/** @returns its id */
export async function makeFlow(as: As, to: string, port = portId(2), attributes: object = {}): Promise<string> {
  const body = { tap_flow: { tap_service_id: to, source_port: port, direction: 'BOTH', ...attributes } };
  const reply = await as('POST', flows, body);
  expect(reply.status).toBe(201);
  return reply.body.tap_flow.id;
}
