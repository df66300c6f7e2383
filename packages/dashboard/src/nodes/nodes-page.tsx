import { useState } from 'preact/hooks';
import { ApiError } from '../api/ask.js';
import { listAll } from '../api/list-all.js';
import { Columns } from '../parts/columns.js';
import { useEvery } from '../parts/every.js';
import { short, timeOfDay } from '../parts/format.js';
import { Notice, Wide } from '../parts/small.js';
import { useServices } from '../services.js';
import { bufferText, type CloudNode, limitText, mostShown, nodesShown } from './node.js';

const lookMs = 15_000;
const columns = ['Node', 'Agent', 'VPP', 'Taps', 'Tunnels', 'Buffers', 'Budget', 'Counters', 'Wrong'] as const;

/** The nodes, those first with which something is wrong. */
export function NodesPage() {
  const { asker } = useServices();
  const [nodes, setNodes] = useState<readonly CloudNode[] | null>(null);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  useEvery(
    lookMs,
    async (signal, first) => {
      try {
        const found = await listAll<CloudNode>(asker, 'taas/nodes', 'nodes', !first, undefined, ({ node }) => node);
        if (signal.aborted) return;
        setNodes(found);
        setProblem('');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (!signal.aborted) setProblem(error.message);
      }
    },
    [],
  );
  const shown = nodes === null ? [] : nodesShown(nodes, text);
  return (
    <>
      <h1 tabIndex={-1}>Nodes</h1>
      <search class="filters">
        <label>
          <span class="unseen">Filter by words</span>
          <input
            type="search"
            placeholder="Filter: name, version, problem"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        {nodes === null ? null : (
          <span class="count" role="status">
            {shown.length === nodes.length ? `${nodes.length} nodes` : `${shown.length} of ${nodes.length} nodes`}
          </span>
        )}
      </search>
      {problem === '' ? null : <Notice tone="bad">{problem}</Notice>}
      {nodes?.length === 0 ? <Notice>No agent is there.</Notice> : null}
      {shown.length > mostShown ? <Notice>These are the first {mostShown}: filter to see others.</Notice> : null}
      {shown.length === 0 ? null : (
        <div class="card">
          <Wide label="Nodes">
            <table class="plain">
              <Columns names={columns} />
              <tbody>
                {shown.slice(0, mostShown).map((node) => (
                  <NodeLine key={node.node} node={node} />
                ))}
              </tbody>
            </table>
          </Wide>
        </div>
      )}
    </>
  );
}

function NodeLine({ node }: { readonly node: CloudNode }) {
  const { agent, heard_at: heard, vpp_version: vpp, taps } = node;
  return (
    <tr>
      <th scope="row">{node.node}</th>
      <td>
        <span class={`status ${agent === 'there' ? 'good' : 'bad'}`}>{agent}</span>
        <div class="quiet">
          {node.agent_version ?? ''}
          {heard ? `, heard ${timeOfDay(heard)}` : ''}
        </div>
      </td>
      <td>
        {vpp === undefined ? '–' : vpp === null ? 'not connected' : vpp}
        {node.capabilities === undefined ? null : (
          <details>
            <summary class="quiet">plugins</summary>
            {node.capabilities.join(', ')}
          </details>
        )}
      </td>
      <td>{taps === undefined ? '–' : `${short(taps.active)} of ${short(taps.told)} ACTIVE`}</td>
      <td>
        {node.tunnel_address ?? 'none'}
        {node.tunnel_mtu ? <div class="quiet">MTU {node.tunnel_mtu}</div> : null}
        {(node.uplinks ?? []).map(({ physnet, mtu }) => (
          <div key={physnet} class="quiet">
            {physnet}
            {mtu === undefined ? '' : `, MTU ${mtu}`}
          </div>
        ))}
      </td>
      <td>{bufferText(node.buffers)}</td>
      <td>
        <div>each tap {limitText(node.budget?.flow)}</div>
        <div>all {limitText(node.budget?.node)}</div>
      </td>
      <td>{node.counters?.replace('_', ' ') ?? 'not told'}</td>
      <td>
        {node.problems.map(({ about, problem }) => (
          <div key={`${about} ${problem}`}>
            <strong>{about}</strong>: {problem}
          </div>
        ))}
        {node.untold === undefined || node.untold.length === 0 ? null : (
          <div class="quiet">not told: {node.untold.join(', ')}</div>
        )}
      </td>
    </tr>
  );
}
