import { TaasClient } from '@taas/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { keysOfTaps } from './at-rest.js';
import { type LabSettings, TapLab } from './tap-lab.js';

/** Long enough for all that is checked before it, and short enough to be waited for. */
const ttlMs = 40_000;

/** A tap that waits for a second person, and ends by itself, as its collector sees it; on whatever switch. */
export function describeConsent(name: string, settings: () => LabSettings): void {
  let lab: TapLab;
  afterEach(async () => {
    await lab?.stop();
  });

  const as = (user: string) => {
    const credentials = { 'x-project-id': lab.project, 'x-roles': 'member', 'x-user-id': user };
    return new TaasClient(lab.cloud.url, lab.project, lab.clock, credentials);
  };
  const approve = async (user: string, id: string): Promise<number> => {
    const headers = { 'x-project-id': lab.project, 'x-roles': 'member', 'x-user-id': user };
    const { consent_to } = await as(user).show('tap_flows', id);
    const body = JSON.stringify({ tap_flow: { consent_to } });
    return (await fetch(`${lab.cloud.url}/v2.0/taas/tap_flows/${id}/approve`, { method: 'PUT', headers, body })).status;
  };

  describe(`${name}: a tap that needs consent`, () => {
    it('copies nothing before somebody else agrees, all of it afterwards, and nothing when its time is over', {
      timeout: 180_000,
    }, async () => {
      const taps = { consent: 'always', default_ttl_s: ttlMs / 1000, max_ttl_s: 3_600, reason_required: true };
      lab = await TapLab.start({ ...settings(), server: { taps } });
      const [near, far] = [await lab.vm('node-b'), await lab.vm('node-a')];
      const collector = await lab.collector('node-b');
      const ann = as('ann');
      const made = (kind: 'tap_services' | 'tap_flows', body: object) =>
        fetch(`${lab.cloud.url}/v2.0/taas/${kind}`, {
          method: 'POST',
          headers: { 'x-project-id': lab.project, 'x-roles': 'member', 'x-user-id': 'ann' },
          body: JSON.stringify(body),
        }).then(async (reply) => ({ status: reply.status, body: JSON.parse(await reply.text()) }));
      const wish = { port_id: collector.port.id };
      expect((await made('tap_services', { tap_service: wish })).status).toBe(400);
      // It may outlive its flows.
      const later = new Date(lab.clock.now() + 600_000).toISOString();
      const service = await made('tap_services', { tap_service: { ...wish, reason: 'INC-7', expires_at: later } });
      const flows: string[] = [];
      for (const vm of [near, far]) {
        const flow = { tap_service_id: service.body.tap_service.id, source_port: vm.port.id, direction: 'BOTH' };
        flows.push((await made('tap_flows', { tap_flow: { ...flow, description: 'INC-7' } })).body.tap_flow.id);
      }
      for (const id of flows)
        await lab.eventually(async () =>
          expect(await ann.show('tap_flows', id)).toMatchObject({ status_code: 'waiting_for_consent' }),
        );
      for (const vm of [near, far]) await lab.expectNothing(collector, vm);
      for (const id of flows) {
        expect(await approve('ann', id)).toBe(409);
        expect(await approve('bob', id)).toBe(200);
      }
      await lab.active(...flows);
      for (const vm of [near, far]) await lab.expectCopies(collector, vm);
      await lab.eventually(async () => {
        for (const id of flows) expect((await keysOfTaps(lab.cloud)).filter((key) => key.includes(id))).toEqual([]);
      }, ttlMs + 30_000);
      for (const vm of [near, far]) await lab.expectNothing(collector, vm);
      expect(await ann.show('tap_services', service.body.tap_service.id)).toMatchObject({ status: 'ACTIVE' });
    });
  });
}
