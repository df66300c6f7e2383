import type { Engine } from '../../engine/engine.js';
import type { Interface } from '../../engine/interface.js';
import { EngineError } from '../../engine/retval.js';
import { type Handlers, read } from '../handler.js';
import { showClassifier } from '../show-classifier.js';
import { showFeatures } from '../show-features.js';
import { showInterface } from '../show-interface.js';
import { showMode } from '../show-mode.js';
import { showPolicer } from '../show-policer.js';

const commands =
  '"show mode", "show policer", "show interface", "show interface features" and "show classify tables index"';

/** All, if none is named. @throws EngineError as VPP does, which shows nothing if one is not there */
function named(engine: Engine, names: readonly string[]): Interface[] {
  const all = [...engine.interfaces.all()];
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find((each) => each.name === name);
    if (!found) throw new EngineError('UNSPECIFIED', `there is no interface ${name}`);
    return found;
  });
}

/** Version, definitions, liveness, and of the command line what VPP tells nowhere else. */
export const systemHandlers: Handlers = {
  show_version: read((_fields, { api }) => ({
    program: 'vpe',
    // The release whose messages and bits it has; the rest of the word says that this is not VPP.
    version: `${api.name}-sim`,
    build_date: '2026-01-01T00:00:00',
    build_directory: 'vpp-sim',
  })),
  control_ping: read((_fields, { client }) => ({ client_index: client.clientIndex, vpe_pid: process.pid })),
  memclnt_keepalive: read(() => ({})),
  get_api_json: read((_fields, { api }) => ({ json: api.definitions.json })),
  api_versions: read((_fields, { api }) => ({ api_versions: api.definitions.versions })),
  cli_inband: read(
    (fields, { engine, name, api }) => {
      const command = fields.text('cmd');
      if (command === 'show policer') return { reply: showPolicer(engine.policers.all()) };
      const [show, what, ...names] = command.split(' ');
      if (show === 'show' && what === 'interface' && names[0] === 'features') {
        const [of] = named(engine, names.slice(1, 2));
        if (of) return { reply: showFeatures(of, engine, api) };
      }
      if (show === 'show' && what === 'mode')
        return {
          reply: named(engine, names)
            .map((each) => showMode(each, engine))
            .join(''),
        };
      if (show === 'show' && what === 'interface') return { reply: showInterface(named(engine, names)) };
      if (show === 'show' && what === 'classify' && names[1] === 'index')
        return { reply: showClassifier(engine.classifiers.find(Number(names[2]))) };
      throw new EngineError('UNIMPLEMENTED', `vpp-sim ${name} has no commands but ${commands}: "${command}"`);
    },
    { reply: `vpp-sim has no commands but ${commands}\n` },
  ),
  want_interface_events: read((fields, { client }) => {
    const enable = fields.number('enable_disable') !== 0;
    if (!client.wantInterfaceEvents(enable, fields.number('pid')))
      throw new EngineError('INVALID_REGISTRATION', enable ? 'events are enabled' : 'events are not enabled');
    return {};
  }),
};
