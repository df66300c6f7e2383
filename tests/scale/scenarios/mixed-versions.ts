import { keys } from '@taas/model';
import { putAll } from '../../laps/fake-nodes.js';
import { nodeName } from '../population.js';
import type { Scenario } from '../scenario.js';
import { withoutEffect } from '../without-effect.js';

/**
 * Agents that are newer than the servers and wait for nobody: what a tenth of the nodes say is in a format that no server reads. The servers are
 * replaced one after the other meanwhile; then the agents speak as before.
 */
export const mixedVersions: Scenario = {
  name: 'mixed-versions',
  what: '10 % of the nodes write states in a newer format, while the servers are restarted one after the other',
  async run({ cloud, figures }) {
    const scenario = 'mixed-versions';
    const { nodes, population, store } = cloud;
    const some = nodes.all.filter((n) => n % 10 === 0);
    const flows = population.flows.filter(({ source }) => source.node % 10 === 0);
    const taps = flows.length + population.services.length;
    await withoutEffect({ cloud, figures, scenario, nodes: taps }, async () => {
      const newer = JSON.stringify({ v: 2, standing: 'well' });
      const operations = flows.map(({ id, source }) => {
        const key = keys.stateResource(nodeName(source.node), 'tap_flows', id);
        return { kind: 'put', key, value: newer } as const;
      });
      await putAll(store, operations);
      for (const server of cloud.servers) {
        await server.stop('SIGTERM');
        await server.start();
        await cloud.settled();
      }
      let misread = 0;
      for (const { id, source } of flows.slice(0, 50)) {
        const answer = await cloud.server(0).ask(source.project, 'GET', `/v2.0/taas/tap_flows/${id}`);
        if (!answer.text.includes('"state_unreadable"')) misread += 1;
      }
      figures.add({ scenario, what: 'states taken for something else', unit: '', samples: [misread], most: 0 });
      await nodes.tell('stop', some);
      await nodes.tell('start', some, 1_000);
    });
  },
};
