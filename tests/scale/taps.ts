import type { PlacedPort } from './population.js';
import type { ScaleCloud } from './scale-cloud.js';
import type { ScaleServer } from './scale-server.js';

const taas = '/v2.0/taas';

export interface MadeFlow {
  readonly id: string;
  readonly project: string;
  /** When the request was sent, monotonic, and how long its answer took, in ms. */
  readonly at: number;
  readonly ms: number;
}

/** Makes a flow through the API. @throws Error unless the answer is 201 */
export async function makeFlow(
  cloud: ScaleCloud,
  server: ScaleServer,
  tap: { readonly port: PlacedPort; readonly service: string; readonly name: string } = cloud.nextFree(),
): Promise<MadeFlow> {
  const { port, service, name } = tap;
  const at = cloud.clock.monotonic();
  const flow = { name, tap_service_id: service, source_port: port.id, direction: 'BOTH' };
  const answer = await server.ask(port.project, 'POST', `${taas}/tap_flows`, { tap_flow: flow });
  if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  const { tap_flow: made } = JSON.parse(answer.text) as { readonly tap_flow: { readonly id: string } };
  return { id: made.id, project: port.project, at, ms: answer.ms };
}

/** @throws Error unless the answer is 204 */
export async function removeFlow(server: ScaleServer, { id, project }: MadeFlow): Promise<number> {
  const answer = await server.ask(project, 'DELETE', `${taas}/tap_flows/${id}`);
  if (answer.status !== 204) throw new Error(`DELETE answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer.ms;
}
