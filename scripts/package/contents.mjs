// What each package is, and which files are in it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleTaas } from '../../packages/cli/bundle.mjs';
import { completionScript } from '../../packages/cli/dist/completion/scripts.js';
import { bundleDashboard } from '../../packages/dashboard/bundle.mjs';
import { root } from '../prepare.mjs';
import { bundleProgram } from './bundle-program.mjs';
import { agentPage, commandPage, migratePage, serverPage } from './man-pages.mjs';

const ours = (path) => readFileSync(join(root, path));
/** See docs/decisions/0081-memory-before-garbage.md. */
const nodeFlags = JSON.parse(ours('deploy/node-flags.json').toString());

/** Makes the user that the service runs as. */
const sysusers = 'systemd | systemd-standalone-sysusers | systemd-sysusers';

/**
 * @typedef {object} Package
 * @property {string} name
 * @property {string} program what is called, in /usr/bin
 * @property {readonly string[]} flags of Node.js
 * @property {string} summary of one line
 * @property {readonly string[]} about paragraphs
 * @property {Readonly<Record<string, string>>} fields of `control` besides those that all have
 * @property {readonly string[]} depends besides what Node.js needs
 * @property {boolean} service whether systemd runs it
 * @property {(outfile: string) => Promise<object>} bundle
 * @property {readonly {program: string, bundle: (outfile: string) => Promise<object>}[]} [also] other programs in it
 * @property {(tree: import('./file-tree.mjs').FileTree, made: {epoch: number, version: string}) => void} rest all other files
 */

/** The server has the page in it, and the libraries of both count. */
async function serverWithPage(outfile) {
  const page = await bundleDashboard();
  const server = await bundleProgram('packages/server/bin/taas-server.js', outfile);
  return { ...server, outputs: { ...server.outputs, ...page.outputs } };
}

/** @type {readonly Package[]} */
export const packages = [
  {
    name: 'taas-server',
    program: 'taas-server',
    flags: nodeFlags['taas-server'],
    summary: 'Tap-as-a-Service for OpenStack networking-vpp: server',
    about: [
      "Neutron's Tap-as-a-Service API for clouds whose virtual switch is FD.io VPP. The server, on controllers, takes requests, keeps them in etcd, and tells the nodes what to do. Any number of servers may run.",
      'It brings the Node.js that it was tested with, and needs none of the distribution.',
    ],
    fields: { Suggests: 'taas-cli, etcd-server, haproxy, prometheus' },
    depends: [sysusers],
    service: true,
    bundle: serverWithPage,
    also: [
      {
        program: 'taas-migrate',
        bundle: (outfile) => bundleProgram('packages/server/bin/taas-migrate.js', outfile),
      },
    ],
    rest: (tree, made) => {
      service(tree, 'taas-server');
      tree.write('usr/share/taas-server/etcd-roles.sh', ours('deploy/etcd-roles.sh'), 0o755);
      tree.write('usr/share/taas-server/grafana/taas.json', ours('deploy/grafana/taas.json'));
      tree.write('usr/share/taas-server/prometheus/taas.rules.yml', ours('deploy/prometheus/taas.rules.yml'));
      tree.writeCompressed('usr/share/man/man8/taas-server.8.gz', serverPage(made));
      tree.writeCompressed('usr/share/man/man8/taas-migrate.8.gz', migratePage(made));
    },
  },
  {
    name: 'taas-agent',
    program: 'taas-agent',
    flags: nodeFlags['taas-agent'],
    summary: 'Tap-as-a-Service for OpenStack networking-vpp: agent',
    about: [
      "Neutron's Tap-as-a-Service API for clouds whose virtual switch is FD.io VPP. The agent, on each compute node, configures VPP, reads back what VPP has made of it, and reports how taps stand.",
      'It brings the Node.js that it was tested with, and needs none of the distribution. VPP itself is not in Debian.',
    ],
    fields: { Suggests: 'taas-cli, python3', Enhances: 'vpp' },
    depends: [sysusers],
    service: true,
    bundle: (outfile) => bundleProgram('packages/agent/bin/taas-agent.js', outfile),
    rest: (tree, made) => {
      service(tree, 'taas-agent');
      tree.writeCompressed('usr/share/man/man8/taas-agent.8.gz', agentPage(made));
    },
  },
  {
    name: 'taas-cli',
    program: 'taas',
    flags: [],
    summary: 'Tap-as-a-Service for OpenStack networking-vpp: command taas',
    about: [
      "Neutron's Tap-as-a-Service API for clouds whose virtual switch is FD.io VPP. The command makes taps, waits until copies flow, shows what was copied and lost, and finds out what is wrong.",
      'It brings the Node.js that it was tested with, and needs none of the distribution.',
    ],
    fields: { Suggests: 'bash-completion' },
    depends: [],
    service: false,
    bundle: bundleTaas,
    rest: (tree, made) => {
      tree.write('usr/share/bash-completion/completions/taas', completionScript('bash'));
      tree.write('usr/share/zsh/vendor-completions/_taas', completionScript('zsh'));
      tree.write('usr/share/fish/vendor_completions.d/taas.fish', completionScript('fish'));
      tree.writeCompressed('usr/share/man/man1/taas.1.gz', commandPage(made));
    },
  },
];

/** What both services have: the unit, its user, a sample of the configuration that refuses to start until it is filled in, and the scripts. */
function service(tree, name) {
  tree.write(`usr/lib/systemd/system/${name}.service`, ours(`deploy/${name}.service`));
  tree.write(`usr/lib/sysusers.d/${name}.conf`, ours('deploy/taas.sysusers.conf'));
  tree.write(`etc/taas/${name}.yaml`, ours(`deploy/${name}.yaml`));
  for (const script of ['postinst', 'prerm', 'postrm'])
    tree.write(
      `DEBIAN/${script}`,
      ours(`deploy/debian/service.${script}`).toString().replaceAll('@PACKAGE@', name),
      0o755,
    );
}
