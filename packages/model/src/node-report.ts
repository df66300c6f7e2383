import { judgeNode, type NodeMatter, type NodeProblem, nodeMatters, type Onlooker } from './node-problem.js';
import type { AgentRecord } from './state-record.js';

/** What stands in `nodes` of /readyz: of a server about all nodes, of an agent about its own. */
export interface NodesReport {
  /** Nodes that were looked at. */
  readonly examined: number;
  readonly problems: readonly NodeProblem[];
  /** By matter: nodes of which it cannot be told; a matter that is not there was not asked about. */
  readonly untold: Readonly<Partial<Record<NodeMatter, readonly string[]>>>;
  /** Whether there are more of either than stand here. */
  readonly more: boolean;
}

/** So many problems, and nodes of each matter: /readyz stays small, and who mends these sees the next. */
const mostTold = 100;

/** @param onlooker what is known besides of a node */
export function reportNodes(
  records: Iterable<AgentRecord>,
  onlooker: (record: AgentRecord) => Onlooker,
  matters: readonly NodeMatter[] = nodeMatters,
): NodesReport {
  const problems: NodeProblem[] = [];
  const untold = new Map<NodeMatter, string[]>(matters.map((matter) => [matter, []]));
  let [examined, more] = [0, false];
  const tell = <T>(list: T[], item: T) => {
    if (list.length < mostTold) list.push(item);
    else more = true;
  };
  for (const record of records) {
    examined += 1;
    const known = onlooker(record);
    for (const [about, nodes] of untold) {
      const found = judgeNode(record, about, known);
      if (found === null) tell(nodes, record.node);
      for (const problem of found ?? []) tell(problems, { node: record.node, about, problem });
    }
  }
  return { examined, problems, untold: Object.fromEntries(untold), more };
}
