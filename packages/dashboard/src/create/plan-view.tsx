import type { Plan } from '../api/shapes.js';
import { Notice, Status } from '../parts/small.js';

/** What a change would do, as the server has worked it out. */
export function PlanView({ plan }: { readonly plan: Plan }) {
  if (!plan.changes) return <Notice tone="quiet">Nothing would change.</Notice>;
  return (
    <div class="plan">
      {plan.taps.map((tap, at) => (
        <p key={at}>
          It will be <Status status={tap.status ?? 'gone'} reason={tap.status_reason} />
          {tap.status_reason ? `: ${tap.status_reason}` : ''}
          {transportOf(tap.copying)}
        </p>
      ))}
      {plan.nodes.length === 0 ? (
        <p>No node has to be told.</p>
      ) : (
        <ul>
          {plan.nodes.map(({ node, change, steps }) => (
            <li key={`${node} ${steps.join()}`}>
              <strong>{node}</strong>: {change}
              <ul>
                {steps.map((step) => (
                  <li key={step}>{step}</li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
      {plan.nodes_in_all > plan.nodes.length ? <p>… of {plan.nodes_in_all} nodes in all.</p> : null}
      {(plan.quotas ?? []).map(({ resource, limit, used, after }) => (
        <p key={resource} class="quiet">
          Quota of {resource}: {used} now, {after} then{limit < 0 ? '' : `, of ${limit}`}.
        </p>
      ))}
    </div>
  );
}

function transportOf(copying: Plan['taps'][number]['copying']): string {
  if (!copying?.transport) return '';
  const { type, takes_segment: takes } = copying.transport;
  const travel = type === 'local' ? 'copies stay on the node' : `copies travel by ${type}`;
  const more = copying.same_port_in_all > 0 ? `; ${copying.same_port_in_all} taps copy the port already` : '';
  return `; ${travel}${takes ? ', by one id more' : ''}${more}`;
}
