import { projectName } from '../population.js';
import type { Scenario, ScenarioContext } from '../scenario.js';

const flows = '/v2.0/taas/tap_flows';

/** What lists cost, and whether anybody else notices. */
export const reads: Scenario = {
  name: 'reads',
  what: 'a page, a project and the whole list; others meanwhile',
  async run(context) {
    const { cloud, figures } = context;
    const server = cloud.server(1);
    const scenario = 'reads';
    const times = async (count: number, project: string, path: string, roles: string) => {
      const samples: number[] = [];
      for (let n = 0; n < count; n += 1) {
        const answer = await server.ask(project, 'GET', path, undefined, roles);
        if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${answer.text}`);
        samples.push(answer.ms);
      }
      return samples;
    };
    const page = `${flows}?limit=1000`;
    const pages = await times(10, projectName(0), page, 'admin');
    figures.add({ scenario, what: 'one page, limit=1000, of all flows', unit: 'ms', samples: pages, wanted: 50 });
    const own = await times(10, projectName(0), flows, 'member');
    figures.add({ scenario, what: "a project's own flows", unit: 'ms', samples: own, wanted: 60 });
    await wholeList(context);
    const memory = cloud.memory(server);
    const after = [memory.nowMegabytes];
    figures.add({ scenario, what: 'memory after the lists', unit: 'MB', samples: after, wanted: 400 });
    figures.add({ scenario, what: 'memory at most so far', unit: 'MB', samples: [memory.mostMegabytes], wanted: 400 });
  },
};

async function wholeList({ cloud, figures }: ScenarioContext): Promise<void> {
  const scenario = 'reads';
  const server = cloud.server(1);
  const { services, flows: all } = cloud.population;
  const since = cloud.clock.now();
  let listed = false;
  const list = server.ask(projectName(0), 'GET', flows, undefined, 'admin').finally(() => {
    listed = true;
  });
  const shown: number[] = [];
  let refused = 0;
  for (let n = 0; !listed; n += 1) {
    const { id, project } = services[n % services.length] ?? { id: '', project: '' };
    const answer = await server.ask(project, 'GET', `/v2.0/taas/tap_services/${id}`).catch((): null => null);
    if (answer?.status === 200) shown.push(answer.ms);
    else refused += 1;
    await cloud.clock.sleep(10);
  }
  const answer = await list;
  const { tap_flows: items } = JSON.parse(answer.text) as { readonly tap_flows: readonly unknown[] };
  figures.add({ scenario, what: 'the whole list', unit: 's', samples: [answer.ms / 1000] });
  figures.add({ scenario, what: 'bytes of it for a flow', unit: '', samples: [answer.text.length / items.length] });
  const missing = all.length - items.length;
  figures.add({ scenario, what: 'flows that it does not have', unit: '', samples: [missing], most: 0 });
  figures.add({ scenario, what: 'GET of a service meanwhile', unit: 'ms', samples: shown, wanted: 20 });
  figures.add({ scenario, what: 'GETs refused or reset meanwhile', unit: '', samples: [refused], most: 0 });
  const { above, longest } = server.lapsSince(since);
  figures.add({ scenario, what: 'longest lap meanwhile', unit: 'ms', samples: [longest], wanted: 20 });
  figures.add({ scenario, what: 'laps above 20 ms meanwhile', unit: '', samples: [above] });
}
