import { readFileSync } from 'node:fs';
import { taasExtensions } from '@taas/gateway';
import { apiStatuses, resourceKinds } from '@taas/model';
import { attributes, captureAttributes, openApi, silences, words } from '@taas/server/testing';
import { expect, it } from 'vitest';
import { plain, tablesOf } from './markdown-table.js';

const tables = tablesOf(readFileSync(new URL('../../docs/reference/api.md', import.meta.url), 'utf8'));
const firstCells = (heading: string) => (tables.get(heading) ?? []).map(([cell]) => plain(cell));

interface Described {
  readonly paths: Readonly<Record<string, object>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, object>> }>>;
  };
}
const described = openApi('2.0') as unknown as Described;

it('docs/reference/api.md has the paths and methods of the OpenAPI document', () => {
  const documented = (tables.get('Paths') ?? []).map(([path, methods]) => [plain(path), methods]);
  const served = Object.entries(described.paths).map(([path, operations]) => {
    const methods = ['get', 'post', 'put', 'delete'].filter((method) => Object.hasOwn(operations, method));
    return [path, methods.join(' ').toUpperCase()];
  });
  expect(documented).toEqual(served);
});

it.each(resourceKinds.map((kind) => [words[kind].resource, kind] as const))(
  'docs/reference/api.md has the attributes of a %s',
  (resource, kind) => {
    const documented = (tables.get(resource) ?? []).map(([name, ...rest]) => [plain(name), ...rest]);
    const schema = described.components.schemas[resource];
    const known = Object.entries(attributes[kind]).map(([name, { post, put, default: given }]) => {
      const fallback =
        name === 'tenant_id' ? "the token's" : given === undefined ? null : `\`${JSON.stringify(given)}\``;
      const inPost = fallback === null ? 'required' : `default: ${fallback}`;
      const text = (schema?.properties[name] as { readonly description?: string } | undefined)?.description;
      return [name, post ? inPost : '–', put ? 'yes' : '–', text];
    });
    expect(documented).toEqual(known);
  },
);

it('docs/reference/api.md has the attributes of a capture', () => {
  const known = Object.entries(captureAttributes).map(([name, { post, default: given, about }]) => {
    const fallback = name === 'tenant_id' ? "the token's" : given === undefined ? null : `\`${JSON.stringify(given)}\``;
    return [name, post ? (fallback === null ? 'required' : `default: ${fallback}`) : '–', about];
  });
  const documented = (tables.get('Captures') ?? []).map(([name, ...rest]) => [plain(name), ...rest]);
  expect(documented).toEqual(known);
});

it('docs/reference/api.md has the extensions and the statuses', () => {
  expect(firstCells('Extensions')).toEqual(taasExtensions.map(({ alias }) => alias));
  expect((tables.get('Status') ?? []).slice(0, apiStatuses.length).map(([cell]) => plain(cell))).toEqual(apiStatuses);
});

it('docs/reference/api.md has the parameters of lists', () => {
  const list = described.paths['/v2.0/taas/tap_services'] as {
    readonly get: { readonly parameters: readonly { readonly name: string }[] };
  };
  const names = list.get.parameters.map(({ name }) => name);
  const general = names.filter((name) => !Object.hasOwn(attributes.tap_services, name));
  expect(firstCells('Lists')).toEqual(["an attribute's name", ...general]);
});

it('docs/reference/api.md has the reasons for which figures are missing', () => {
  expect(firstCells('What a tap has delivered')).toEqual(silences);
});
