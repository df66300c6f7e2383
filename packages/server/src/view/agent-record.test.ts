import { type AgentRecord, agentCodec, keys } from '@taas/model';
import { expect, it } from 'vitest';
import { ViewState } from './view-state.js';

const record: AgentRecord = {
  ...{ v: 1, node: 'n1', agent_version: '1', vpp_version: '26.06', tunnel_address: '10.0.0.1' },
  ...{ physnets: [], capabilities: [] },
};

/** What an event is about in which the agent writes its record anew. */
function written(again: AgentRecord) {
  const view = new ViewState();
  const apply = (written: AgentRecord, revision: number) => {
    const entry = {
      key: keys.agent('n1'),
      value: agentCodec.format(written),
      createRevision: 1,
      modRevision: revision,
    };
    return view.apply({ kind: 'changes', revision, changes: [{ kind: 'put', entry }] });
  };
  apply(record, 1);
  return apply(again, 2);
}

it('an agent is heard by what it tells of its node, and no tap is looked at for it', () => {
  const dirty = written({ ...record, facts: { uplinks: [{ physnet: 'p', problem: 'down' }], certificates: [] } });
  expect([[...dirty.nodes], [...dirty.heard]]).toEqual([[], ['n1']]);
});

it.each([{ tunnel_address: '10.0.0.2' }, { vpp_version: null }, { capabilities: ['vxlan'] }])(
  'what taps depend on is looked at anew: %o',
  (other) => {
    expect([...written({ ...record, ...other }).nodes]).toEqual(['n1']);
  },
);
