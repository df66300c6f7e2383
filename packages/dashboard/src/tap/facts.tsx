import type { AnyTap, Kind } from '../api/shapes.js';
import { linkTo } from '../route.js';
import { useServices } from '../services.js';
import { kindWords, nameOr } from '../taps/tap-row.js';

/** What a tap is, in words: ports and services by their names. */
export function TapFacts({ kind, tap }: { readonly kind: Kind; readonly tap: AnyTap }) {
  const { taps } = useServices();
  const flows = [...taps.flows.value.values()].filter(({ tap_service_id: service }) => service === tap.id);
  return (
    <dl>
      <Fact name="Kind">{kindWords[kind]}</Fact>
      <Fact name="Id">
        <code>{tap.id}</code>
      </Fact>
      {tap.reason === '' ? null : <Fact name="Why">{tap.reason}</Fact>}
      {tap.description === '' || tap.description === tap.reason ? null : <Fact name="About">{tap.description}</Fact>}
      {kind === 'tap_flow' ? (
        <>
          <Fact name="From">
            <PortName id={tap.source_port} />, {tap.direction}
          </Fact>
          <Fact name="To">
            <Receiver service={tap.tap_service_id} />
          </Fact>
          {tap.accounting === 'exact' ? <Fact name="Counted">by itself</Fact> : null}
          {tap.vlan_filter === null ? null : <Fact name="VLANs">{tap.vlan_filter}</Fact>}
          {tap.filter_rules.length === 0 ? null : (
            <Fact name="Filter">
              <ol class="rules">
                {tap.filter_rules.map((rule, at) => (
                  <li key={at}>
                    <code>{ruleText(rule)}</code>
                  </li>
                ))}
              </ol>
            </Fact>
          )}
        </>
      ) : (
        <Fact name={kind === 'tap_service' ? 'Collector' : 'From'}>
          <PortName id={tap.port_id} />
        </Fact>
      )}
      {kind === 'tap_mirror' ? (
        <Fact name="To">
          {tap.mirror_type} {tap.remote_ip},{' '}
          {Object.entries(tap.directions)
            .map(([name, id]) => `${name} ${id}`)
            .join(', ')}
        </Fact>
      ) : null}
      {kind === 'tap_service' ? (
        <Fact name="Flows">
          {flows.length === 0 ? 'none' : null}
          {flows.slice(0, 20).map(({ id, name }) => (
            <a key={id} class="flow" href={linkTo('tap', 'tap_flow', id)}>
              {nameOr(name, id)}
            </a>
          ))}
          {flows.length > 20 ? `and ${flows.length - 20} more` : ''}
        </Fact>
      ) : null}
      <Fact name="Project">
        <code>{tap.project_id}</code>
      </Fact>
    </dl>
  );
}

/** A tap service, and where its copies end: names alone may be anybody's. */
function Receiver({ service }: { readonly service: string }) {
  const { taps } = useServices();
  const known = taps.services.value.get(service);
  return (
    <>
      <a href={linkTo('tap', 'tap_service', service)}>{nameOr(known?.name, service)}</a> <code>{service}</code>
      {known === undefined ? null : (
        <>
          , port <PortName id={known.port_id} />
        </>
      )}
    </>
  );
}

/** One rule, as `taas --filter` takes it. */
export const ruleText = (rule: object): string =>
  Object.entries(rule)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => (name === 'action' ? String(value) : `${name}=${value}`))
    .join(' ');

export function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** A port by its name and addresses, as far as Neutron shows it. */
export function PortName({ id }: { readonly id: string }) {
  const { taps } = useServices();
  const port = taps.ports.value.get(id);
  const addresses = port?.fixed_ips?.map(({ ip_address }) => ip_address).join(', ') ?? '';
  const host = port?.['binding:host_id'] ?? '';
  return (
    <span title={id}>
      {nameOr(port?.name, id)}
      {addresses === '' ? '' : ` (${addresses})`}
      {host === '' ? '' : ` on ${host}`}
    </span>
  );
}
