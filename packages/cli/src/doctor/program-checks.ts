import { endsSoon } from '@taas/model';
import { isObject } from '../api/taas-api.js';
import type { DoctorFacts } from './facts.js';
import { type Check, type Finding, ok, problem, unknown } from './finding.js';
import { both, ofPrograms, type Ready } from './program-answers.js';
import { sumOf } from './prometheus.js';

/** What etcd, or TLS before it, says to whom it does not know or does not let. */
const refusal =
  /permission denied|authentication failed|user name is empty|invalid auth token|certificate|CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED|UNABLE_TO_/i;
const refusedMend = 'docs/how-to/signing.md; /readyz names the last keys';

/** What server and agent tell in the same way. */
export const programChecks = [
  { id: 'TAAS-D300', title: 'files that programs read are good', run: (facts) => ofPrograms(facts, files) },
  {
    id: 'TAAS-D301',
    title: 'no value in etcd is refused for its signature',
    run: (facts) =>
      both(facts).map(([about, { metrics }]) => {
        const refused = metrics.known ? sumOf(metrics.value, 'taas_signature_refused_total') : null;
        if (refused === null)
          return unknown(about, metrics.known ? 'no taas_signature_refused_total' : metrics.why, refusedMend);
        return refused === 0 ? ok(about, 'none') : problem(about, `${refused} since the program's start`, refusedMend);
      }),
  },
  { id: 'TAAS-D302', title: 'all programs are of one release', run: versions },
  {
    id: 'TAAS-D303',
    title: 'certificates of signatures are good for a while',
    run: (facts) => ofPrograms(facts, (about, ready) => signing(about, ready, facts.now)),
  },
  {
    id: 'TAAS-D304',
    title: 'etcd is protected',
    run: (facts) =>
      ofPrograms(facts, (about, { etcd_unprotected, etcd_warnings, ok: answered }) => {
        const mend = 'docs/security.md: roles of etcd, or signed values';
        if (answered === undefined) return unknown(about, '/readyz does not say', mend);
        const said = [etcd_unprotected, etcd_warnings].flatMap((each) => (Array.isArray(each) ? each.map(String) : []));
        return said.length === 0 ? ok(about, 'nobody else may write') : problem(about, said.join('; '), mend);
      }),
  },
  {
    id: 'TAAS-D305',
    title: 'certificates in files that programs read are good for a while',
    run: (facts) => ofPrograms(facts, (about, ready) => certificates(about, ready, facts.now)),
  },
  {
    id: 'TAAS-D306',
    title: 'etcd refuses no program what it asks for',
    run: (facts) =>
      ofPrograms(facts, (about, { etcd_problem, store_problem, ok: answered }) => {
        const mend =
          "give its user its role: deploy/etcd-roles.sh; see etcd.user and etcd.cert_file in the program's configuration";
        if (answered === undefined) return unknown(about, '/readyz does not say', mend);
        const said = [etcd_problem, store_problem].find((each) => typeof each === 'string');
        if (said === undefined) return ok(about, 'nothing is refused');
        // That it does not answer is another check's.
        return refusal.test(String(said)) ? problem(about, String(said), mend) : unknown(about, String(said), mend);
      }),
  },
] as const satisfies readonly Check<DoctorFacts>[];

function files(about: string, { files: value }: Ready): Finding {
  const mend = 'mend the file, then systemctl reload: docs/reference/configuration.md';
  if (!isObject(value) || !Array.isArray(value['refused'])) return unknown(about, '/readyz does not say', mend);
  const refused = value['refused'].filter(isObject).map(({ what, problem: why }) => `${what}: ${why}`);
  const restart = Array.isArray(value['restart_for']) ? value['restart_for'].map(String) : [];
  if (restart.length > 0) refused.push(`changed, and in use only after a restart: ${restart.join(', ')}`);
  return refused.length === 0 ? ok(about, 'all are in use') : problem(about, refused.join('; '), mend);
}

function versions({ servers, agents, version }: DoctorFacts): Finding[] {
  const programs = both({ servers, agents } as DoctorFacts);
  if (programs.length === 0) return [];
  const mend = 'upgrade agents after servers: docs/how-to/run-it.md';
  const found = programs.map(([about, { metrics }]) => {
    const build = metrics.known ? metrics.value.get('taas_build_info')?.[0]?.labels['version'] : undefined;
    return [about, build] as const;
  });
  const silent = found.filter(([, build]) => build === undefined).map(([about]) => about);
  if (silent.length > 0) return [unknown('programs', `no version of ${silent.join(', ')}`, mend)];
  const different = new Set([version, ...found.map(([, build]) => build)]);
  const said = [`taas ${version}`, ...found.map(([about, build]) => `${about} ${build}`)].join(', ');
  return [different.size === 1 ? ok('programs', said) : problem('programs', said, mend)];
}

function signing(about: string, ready: Ready, now: number): Finding {
  const mend = 'docs/how-to/signing.md';
  if (ready['ok'] === undefined) return unknown(about, '/readyz does not say', mend);
  const own = ready['signatures'];
  // What we sign has a certificate; what networking-vpp signs, we read alone.
  if (own !== undefined && !(isObject(own) && own['certificate_valid_until'] !== undefined))
    return unknown(about, '/readyz does not say until when its certificate is good', mend);
  const ends = [own, ready['networking_vpp_signatures']].flatMap((each) =>
    isObject(each) && each['certificate_valid_until'] !== undefined
      ? [Date.parse(String(each['certificate_valid_until']))]
      : [],
  );
  if (ends.length === 0) return ok(about, 'it signs nothing');
  if (ends.some(Number.isNaN)) return unknown(about, 'the date cannot be read', mend);
  const days = Math.floor((Math.min(...ends) - now) / 86_400_000);
  return days < 30 ? problem(about, `the certificate ends in ${days} days`, mend) : ok(about, `${days} days`);
}

function certificates(about: string, { files: value }: Ready, now: number): Finding {
  const mend = 'renew it, and put it in the place of the file; the program takes it over: docs/how-to/run-it.md';
  const list = isObject(value) ? value['certificates'] : undefined;
  if (!Array.isArray(list)) return unknown(about, '/readyz does not say', mend);
  const said = list
    .filter(isObject)
    .flatMap(({ what, ends }) => endsSoon(String(what), typeof ends === 'number' ? ends : Number.NaN, now) ?? []);
  if (said.length > 0) return problem(about, said.join('; '), mend);
  return ok(about, list.length === 0 ? 'it reads none' : `${list.length} are`);
}
