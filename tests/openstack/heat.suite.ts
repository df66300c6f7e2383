import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type LabPort, settled } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import { systemClock } from '@taas/service';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { distinctFrame } from '../scenarios/distinct-frames.js';
import { heatProgram, prepareHeat } from './lab/heat-service.js';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import type { ServiceProcess } from './lab/service-process.js';
import type { TaasFront } from './taas-front.js';
import { TapNodes } from './tap-nodes.js';

const waiting = { timeout: 120_000, interval: 300 };
const [tapped, collecting] = [40, 41];

/** A stack with taps, by a real Heat: its engine is a client of ours, and waits for ACTIVE and for what it deletes to be gone. */
export function describeHeat(cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront }): void {
  describe.skipIf(!existsSync(heatProgram))('Heat', () => {
    let heat: ServiceProcess;
    let nodes: TapNodes;
    let stacks: string;
    let token: string;
    const ports: { readonly id: string; readonly node: string; readonly lab: LabPort }[] = [];
    const api = (path: string) => `${cloud().front.url}/v2.0/${path}`;

    async function boundPort(network: string, name: string, node: string, bridgeDomain: number): Promise<void> {
      const { lab } = cloud();
      const { id } = (await mustRest('POST', api('ports'), token, { port: { name, network_id: network } })).body.port;
      const admin = await lab.token('admin');
      const binding = { port: { 'binding:host_id': node } };
      const { port } = (await mustRest('PUT', `${lab.neutronUrl}/v2.0/ports/${id}`, admin, binding)).body;
      ports.push({ id, node, lab: await nodes.plug(port, bridgeDomain) });
    }

    beforeAll(async () => {
      const { lab, front } = cloud();
      const port = await freePort();
      const { keystoneUrl, password } = lab;
      heat = await prepareHeat({ directory: join(lab.directory, 'heat'), port, keystoneUrl, password });
      await heat.start();
      stacks = `http://127.0.0.1:${port}/v1/${lab.identity.projects['acme']}/stacks`;
      token = await lab.token('alice');
      nodes = await TapNodes.start(front.etcdUrl, front.directory, ['node-h1', 'node-h2']);
      const { id } = (await mustRest('POST', api('networks'), token, { network: { name: 'of the stack' } })).body
        .network;
      await boundPort(id, 'stack-source', 'node-h1', tapped);
      await boundPort(id, 'stack-probe', 'node-h2', collecting);
    });
    afterAll(async () => {
      const admin = await cloud().lab.token('admin');
      for (const { id } of ports) await rest('DELETE', api(`ports/${id}`), admin);
      await nodes?.stop();
      await heat?.stop();
    });

    const template = (more: object) => ({
      heat_template_version: '2018-08-31',
      resources: {
        probe: { type: 'OS::Neutron::TaaS::TapService', properties: { name: 'stack-probe', port: 'stack-probe' } },
        flow: {
          type: 'OS::Neutron::TaaS::TapFlow',
          properties: { port: 'stack-source', tap_service: { get_resource: 'probe' }, direction: 'BOTH', ...more },
        },
      },
    });
    const stack = async (url: string) => (await mustRest('GET', url, token)).body.stack;
    const becomes = (url: string, status: string) =>
      vi.waitFor(async () => {
        const { stack_status, stack_status_reason } = await stack(url);
        if (/_FAILED$/.test(stack_status)) throw new Error(`${stack_status}: ${stack_status_reason}`);
        expect(stack_status).toBe(status);
      }, waiting);
    const copied = async (): Promise<{ readonly matched: number; readonly lost: number; readonly foreign: number }> => {
      const [source, probe] = ports;
      if (!source || !probe) throw new Error('the ports are missing');
      const capture = await nodes.node(probe.node).switch.capture(probe.lab);
      const sent = Array.from({ length: 10 }, (_, n) => distinctFrame(70_000 + n));
      await nodes.node(source.node).switch.send(source.lab, sent);
      await settled(capture, systemClock, { atLeast: sent.length, timeoutMs: 10_000 });
      const { matched, lost, foreign } = compareFrames(sent, await capture.stop());
      return { matched, lost: lost.length, foreign: foreign.length };
    };

    it('makes a stack of a tap service and a tap flow, changes it, and takes it away', async () => {
      const body = { stack_name: 'taps', template: template({}), timeout_mins: 5 };
      const made = (await mustRest('POST', stacks, token, body)).body.stack;
      const url = `${stacks}/taps/${made.id}`;
      await becomes(url, 'CREATE_COMPLETE');
      expect(await copied()).toEqual({ matched: 10, lost: 0, foreign: 0 });
      const resources = (await mustRest('GET', `${url}/resources`, token)).body.resources;
      const idOf = (name: string): string =>
        resources.find((each: { resource_name: string }) => each.resource_name === name).physical_resource_id;
      const show = async () => (await mustRest('GET', api(`taas/tap_flows/${idOf('flow')}`), token)).body.tap_flow;
      expect(await show()).toMatchObject({ tap_service_id: idOf('probe'), direction: 'BOTH', status: 'ACTIVE' });

      await rest('PUT', url, token, { template: template({ description: 'looked at twice' }) });
      await becomes(url, 'UPDATE_COMPLETE');
      expect(await show()).toMatchObject({ id: idOf('flow'), description: 'looked at twice', status: 'ACTIVE' });

      expect((await rest('DELETE', url, token)).status).toBe(204);
      await vi.waitFor(async () => {
        const answer = await rest('GET', url, token);
        if (answer.status !== 404) expect(answer.body.stack.stack_status).toBe('DELETE_COMPLETE');
      }, waiting);
      for (const [kind, name] of [
        ['tap_flows', 'flow'],
        ['tap_services', 'probe'],
      ] as const)
        expect((await rest('GET', api(`taas/${kind}/${idOf(name)}`), token)).status).toBe(404);
      expect((await copied()).matched).toBe(0);
    });

    it('says in the stack why a tap is refused, in our words', async () => {
      // The collector's own port cannot be tapped for it.
      const body = { stack_name: 'refused', template: template({ port: 'stack-probe' }), timeout_mins: 5 };
      const made = (await mustRest('POST', stacks, token, body)).body.stack;
      const url = `${stacks}/refused/${made.id}`;
      await vi.waitFor(async () => expect((await stack(url)).stack_status).toBe('CREATE_FAILED'), waiting);
      expect((await stack(url)).stack_status_reason).toContain('it is the port of that very tap service');
      expect((await rest('DELETE', url, token)).status).toBe(204);
      await vi.waitFor(async () => {
        const left = (await mustRest('GET', api('taas/tap_services?name=stack-probe'), token)).body.tap_services;
        expect(left).toEqual([]);
      }, waiting);
    });
  });
}
