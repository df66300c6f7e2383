import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

it('deploy/ansible/README.md has every variable of the role, and no other', () => {
  const defaults = Object.keys(parse(read('deploy/ansible/roles/taas/defaults/main.yml')));
  const rows = [...read('deploy/ansible/README.md').matchAll(/^\| ([^|]*) \|/gm)].map(([, first = '']) => first);
  // These two have no default: one is the play's, the other a host's that differs from the rest.
  const others = ['taas_agent_serial', 'taas_api_address'];
  const documented = rows.flatMap((row) => [...row.matchAll(/`((?:enable_)?taas_\w+)`/g)].map(([, name = '']) => name));
  expect(
    sorted(
      documented.filter((name) => !['taas_server', 'taas_agent', 'taas_haproxy', 'taas_prometheus'].includes(name)),
    ),
  ).toEqual(sorted([...defaults, ...others]));
});

/** A section of haproxy.cfg as a set of lines, without comments, spaces and what an operator says himself. */
const section = (text: string, begin: RegExp, end: RegExp): string[] => {
  const [, rest = ''] = text.split(begin);
  const [body = ''] = rest.split(end);
  return body
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '' && !/^(#|bind |server |\{%|\{\{)/.test(line));
};

it.each([
  ['defaults', /^defaults.*$/m, /^frontend/m],
  ['the frontend', /^frontend network.*$/m, /^backend/m],
  ['the backend taas', /^backend taas(?: from.*)?$/m, /^backend/m],
  ['the backend taas_or_neutron', /^backend taas_or_neutron.*$/m, /^backend/m],
  ['the backend neutron', /^backend neutron.*$/m, /^```|$(?![\s\S])/m],
])('the role gives HAProxy what docs/how-to/haproxy.md says: %s', (_, begin, end) => {
  const lines = section(read('docs/how-to/haproxy.md'), begin, end);
  expect(lines.length).toBeGreaterThan(2);
  expect(section(read('deploy/ansible/roles/taas/templates/haproxy.cfg.j2'), begin, end)).toEqual(lines);
});
