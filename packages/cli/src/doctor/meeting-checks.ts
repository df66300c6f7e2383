import { isExposed } from '../cloud/cloud-config.js';
import type { DoctorFacts, Meeting } from './facts.js';
import { type Check, type Finding, ok, problem, type Seen, unknown } from './finding.js';

/** More than a Date header's second and a slow answer can make; leases and tokens live by the clock. */
const mostSkewMs = 5_000;
const dayMs = 86_400_000;
const soonDays = 30;

/** Checks of whoever was asked: clocks and certificates. */
export const meetingChecks = [
  {
    id: 'TAAS-D003',
    title: 'clocks agree',
    run: (facts) => meetings(facts).map(([about, met]) => clock(about, met)),
  },
  {
    id: 'TAAS-D004',
    title: 'certificates are good for a while',
    run: (facts) => meetings(facts).map(([about, met]) => certificate(about, met, facts.now)),
  },
  {
    id: 'TAAS-D005',
    title: 'nothing secret is sent in the clear',
    run: ({ api, authUrl }) => [
      api.known
        ? inTheClear(api.value.url, 'tokens are', 'give the endpoint TLS: docs/how-to/haproxy.md')
        : unknown('the API', api.why, 'taas doctor, once it answers'),
      ...(!authUrl.known
        ? [unknown('auth_url', authUrl.why, 'taas --debug list')]
        : authUrl.value === null
          ? []
          : [inTheClear(authUrl.value, 'the password is', 'auth_url: that of Keystone with https')]),
    ],
  },
] as const satisfies readonly Check<DoctorFacts>[];

function meetings({ api, keystone, servers, agents, etcd }: DoctorFacts): [string, Seen<Meeting>][] {
  return [
    ['the API', api],
    ...(keystone === null ? [] : [['Keystone', keystone] satisfies [string, Seen<Meeting>]]),
    ...servers.map(({ url, meeting }): [string, Seen<Meeting>] => [`server ${url}`, meeting]),
    ...agents.map(({ url, meeting }): [string, Seen<Meeting>] => [`agent ${url}`, meeting]),
    ...etcd.map(({ url, meeting }): [string, Seen<Meeting>] => [`etcd ${url}`, meeting]),
  ];
}

function inTheClear(url: string, what: string, mend: string): Finding {
  const about = URL.canParse(url) ? new URL(url).origin : 'auth_url';
  return isExposed(url)
    ? problem(about, `${what} sent by plain http to another machine`, mend)
    : ok(about, 'https, or this machine');
}

function clock(about: string, met: Seen<Meeting>): Finding {
  const mend = 'chronyc tracking, on this machine and on that';
  if (!met.known) return unknown(about, met.why, mend);
  const { theirTime, sent, received } = met.value;
  if (theirTime === null) return unknown(about, 'the answer has no Date header', mend);
  // The header is cut to a whole second, so that it may be one behind.
  const skew = theirTime > received ? theirTime - received : Math.max(0, sent - (theirTime + 1_000));
  const said = `their clock is ${(skew / 1000).toFixed(1)} s ${theirTime > received ? 'ahead of' : 'behind'} ours`;
  return skew > mostSkewMs ? problem(about, said, mend) : ok(about, skew === 0 ? 'no difference can be seen' : said);
}

function certificate(about: string, met: Seen<Meeting>, now: number): Finding {
  const mend = 'renew the certificate: docs/how-to/run-it.md';
  if (!met.known) {
    const isOfCertificate = /CERT|UNABLE_TO_VERIFY|SELF_SIGNED|ALTNAME/.test(met.why);
    return isOfCertificate ? problem(about, met.why, mend) : unknown(about, met.why, mend);
  }
  const { url, certificateEnds } = met.value;
  if (certificateEnds === null)
    return url.startsWith('https:')
      ? unknown(about, 'the certificate cannot be read', mend)
      : ok(about, 'no TLS, so no certificate');
  const days = Math.floor((certificateEnds - now) / dayMs);
  const said = `the certificate ends on ${new Date(certificateEnds).toISOString()}, ${days} days from now`;
  return days < soonDays ? problem(about, said, mend) : ok(about, said);
}
