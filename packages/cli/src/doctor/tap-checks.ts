import { statusCodes } from '@taas/model';
import { adviceFor } from '../advice/status-advice.js';
import { kinds, type Tap, textOf } from '../api/kinds.js';
import type { DoctorFacts } from './facts.js';
import { type Check, type Finding, ok, problem, unknown } from './finding.js';

/** Our own extensions of the API, without which parts of `doctor` see nothing. */
const wantedExtensions = ['taas', 'taas-status-code'];

/** What a tenant can find out from the API. */
export const tapChecks = [
  {
    id: 'TAAS-D001',
    title: 'the API answers',
    run: ({ taps }) => [
      taps.known
        ? ok('the API', `${taps.value.length} taps are seen`)
        : problem('the API', taps.why, 'check endpoint and credentials: taas --debug list'),
    ],
  },
  {
    id: 'TAAS-D002',
    title: 'the API has the extensions that this command uses',
    run: ({ extensions }) => {
      const mend = 'upgrade taas-server, or see whether the network endpoint leads to it: docs/how-to/haproxy.md';
      if (!extensions.known) return [unknown('the API', extensions.why, mend)];
      const missing = wantedExtensions.filter((alias) => !extensions.value.includes(alias));
      return [
        missing.length === 0
          ? ok('the API', wantedExtensions.join(', '))
          : problem('the API', `missing: ${missing.join(', ')}`, mend),
      ];
    },
  },
  {
    id: 'TAAS-D010',
    title: 'every tap is ACTIVE',
    run: (facts) => ofTaps(facts, status),
  },
  {
    id: 'TAAS-D011',
    title: 'no ACTIVE tap has a warning',
    run: (facts) => ofTaps(facts, (tap) => (textOf(tap, 'status') === 'ACTIVE' ? warning(tap) : null)),
  },
  {
    id: 'TAAS-D012',
    title: 'every tap service has tap flows',
    run: (facts) => {
      const { taps } = facts;
      const served = new Set(taps.known ? taps.value.map((tap) => textOf(tap, 'tap_service_id')) : []);
      return ofTaps(facts, (tap) => {
        if (tap.kind !== 'service') return null;
        if (served.has(tap.id)) return ok(aboutTap(tap), 'it has tap flows');
        return problem(
          aboutTap(tap),
          'nothing is copied to it',
          `taas create flow --service ${tap.id} --port PORT --direction both`,
        );
      });
    },
  },
  {
    id: 'TAAS-D013',
    title: 'there is room for more taps in the quota',
    run: ({ quota }) => {
      const mend = 'delete what is not needed, or ask for more: openstack quota set';
      if (!quota.known) return [unknown('the quota', quota.why, mend)];
      return Object.entries(quota.value).map(([name, { limit, used }]) => {
        const said = `${used} of ${limit < 0 ? 'any number' : limit} are used`;
        return limit >= 0 && used >= limit ? problem(name, said, mend) : ok(name, said);
      });
    },
  },
] as const satisfies readonly Check<DoctorFacts>[];

function status(tap: Tap): Finding {
  const [word, code, reason] = [textOf(tap, 'status'), textOf(tap, 'status_code'), textOf(tap, 'status_reason')];
  if (word === 'ACTIVE') return ok(aboutTap(tap), 'ACTIVE');
  const { by, mend, page } = adviceFor(code);
  const evidence = [word || 'no status', code || 'no status_code', reason].filter((text) => text !== '').join(', ');
  // The server itself says that it does not know.
  if (word === '' || code === 'status_unknown') return unknown(aboutTap(tap), evidence, mend);
  return problem(aboutTap(tap), evidence, `${by === 'operator' ? 'for the operator: ' : ''}${mend} (${page})`);
}

function warning(tap: Tap): Finding {
  const [code, reason] = [textOf(tap, 'status_code'), textOf(tap, 'status_reason')];
  if (code === 'ok') return ok(aboutTap(tap), 'no warning');
  const { mend, page } = adviceFor(code);
  const evidence = `${code || 'no status_code'}${reason === '' ? '' : `, ${reason}`}`;
  if (!Object.hasOwn(statusCodes, code) || code === 'unspecified')
    return unknown(aboutTap(tap), evidence, `${mend} (${page})`);
  return problem(aboutTap(tap), evidence, `${mend} (${page})`);
}

/** @param judge null: the check has nothing to say of the tap */
export function ofTaps({ taps, node }: DoctorFacts, judge: (tap: Tap) => Finding | null): Finding[] {
  if (!taps.known) return [unknown('taps', taps.why, 'taas --debug list')];
  const concerned = node === null ? taps.value : taps.value.filter((tap) => names(textOf(tap, 'status_reason'), node));
  return concerned.flatMap((tap) => judge(tap) ?? []);
}

/** Whether a reason names a node: as a whole word, since node-1 is not node-10. */
function names(reason: string, node: string): boolean {
  return reason.split(/[\s,;:()"']+/).some((word) => word.replace(/\.$/, '') === node);
}

export const aboutTap = (tap: Tap): string => {
  const name = textOf(tap, 'name');
  return `${kinds[tap.kind].title} ${tap.id}${name === '' ? '' : ` (${name})`}`;
};
