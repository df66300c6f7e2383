import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attributes, captureAttributes, remoteAddressPolicy, usualRemoteAddresses, words } from '@taas/server/testing';
import { expect, it } from 'vitest';
import { plain, tablesOf } from './markdown-table.js';
import { inputReasons, raisedErrors } from './raised-errors.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const sources = [path('../../packages/server/src'), path('../../packages/gateway/src')];
const tables = tablesOf(readFileSync(path('../../docs/reference/errors.md'), 'utf8'));
const reasonsHeading = 'Reasons of invalid input';

const sorted = (texts: Iterable<string>) => [...new Set(texts)].sort();

it('docs/reference/errors.md has every error of the code, and no other', () => {
  const raised = [
    ...raisedErrors(sources),
    ...Object.values(words).map(({ notFound, title }) => {
      return { status: 404, type: notFound, message: `${title} … does not exist` };
    }),
    // Its message is what the reader of the record says.
    { status: 500, type: 'TapRecordUnreadable', message: '…' },
  ];
  const documented = [...tables].flatMap(([heading, rows]) => {
    if (heading === reasonsHeading) return [];
    return rows.map((row) => {
      const [status = '', type, message] = /^\d+$/.test(row[0] ?? '') ? row : [heading.slice(0, 3), ...row];
      return `${status} ${type}: ${plain(message)}`;
    });
  });
  expect(sorted(documented)).toEqual(
    sorted(raised.map(({ status, type, message }) => `${status} ${type}: ${message}`)),
  );
});

it('docs/reference/errors.md has every reason for which a value is refused, and no other', () => {
  const samples = [
    null,
    '',
    ' ',
    'x',
    '\ud800',
    true,
    1.5,
    [1],
    {},
    { UP: 1 },
    { IN: 'x' },
    { IN: true },
    Array(65).fill({}),
    [],
    Array(2).fill('00000000-0000-4000-8000-000000000001'),
    'x'.repeat(2_000),
  ];
  const ofTypes = [...Object.values(attributes), captureAttributes].flatMap((kind) =>
    Object.values(kind).flatMap(({ type }) => samples.flatMap((sample) => type.check(sample) ?? [])),
  );
  const addresses = remoteAddressPolicy({ ...usualRemoteAddresses, denied: ['192.0.2.0/24'] });
  const ofAddresses = ['127.0.0.1', '192.0.2.1'].map((address) => {
    const verdict = addresses.judge(address, { recorded: [], unrecorded: [], unreadable: null });
    return verdict.is === 'refused' ? verdict.reason : '';
  });
  const reasons = [...ofTypes, ...ofAddresses].map((reason) =>
    reason
      .replace(/^'[\s\S]*\.\.\.' exceeds maximum length of \d+/, "'…...' exceeds maximum length of …")
      .replace(/^'[\s\S]*'(?= )/, (quoted) => (quoted === "'…...'" ? quoted : "'…'"))
      .replace(/^.*(?= is not in valid_values)/s, '…')
      .replace(/^rule \d+: .*/s, 'rule …: …')
      .replace(/(?<=^a flow has at most )\d+ filter rules, \d+/, '… filter rules, …')
      .replace(/(?<=^1 to )\d+/, '…')
      .replace(/(?<=whole number from )\d+ to \d+/, '… to …')
      .replace(/(?<=keys supplied: ).*/, '…')
      .replace(/ is a .*,(?= where)/, ' is …,'),
  );
  const documented = (tables.get(reasonsHeading) ?? []).map(([reason]) => plain(reason));
  expect(sorted(documented)).toEqual(sorted([...reasons, ...inputReasons(sources)]));
});
