import { kindNames } from '../api/kinds.js';
import { cloudConfig } from '../cloud/cloud-config.js';
import type { Context } from '../commands/context.js';
import { examine } from '../doctor/checks.js';
import type { DoctorFacts } from '../doctor/facts.js';
import { type DoctorTargets, gather } from '../doctor/gather.js';
import { formatReport } from '../doctor/report.js';
import { CliError } from '../exit-codes.js';
import { formatValue } from '../output/format.js';
import { version } from '../version.js';
import { withoutSecrets } from './without-secrets.js';

/** Everything for a bug report, by the path in the archive. What cannot be had is told in its place. */
export async function bundleContents(context: Context, targets: DoctorTargets): Promise<Map<string, string>> {
  const { api, host, session } = context;
  const files = new Map<string, string>();
  const put = async (name: string, ask: () => Promise<unknown>) => {
    files.set(`taas-bundle/${name}.json`, formatValue(withoutSecrets(await attempted(ask)), 'json'));
  };
  await put('client', async () => ({
    taas: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    made: new Date(host.clock.now()).toISOString(),
    environment: Object.fromEntries(Object.entries(host.env).filter(([name]) => /^(OS|TAAS)_/.test(name))),
    cloud: clientConfig(context),
  }));
  for (const kind of kindNames)
    await put(`${kind}s`, async () => (await api.list(kind)).map(({ attributes }) => attributes));
  await put('extensions', () => api.get('/v2.0/extensions'));
  await put('versions', () => api.get('/'));
  await put('tapped-ports', () => api.get('/v2.0/taas/tapped_ports'));
  const facts = await attempted(() => gather(context, targets));
  if ('error' in facts) files.set('taas-bundle/doctor.txt', `${facts.error}\n`);
  else {
    const examined = examine(facts);
    files.set('taas-bundle/doctor.json', formatReport(examined, 'json', plain));
    files.set('taas-bundle/doctor.txt', formatReport(examined, 'text', plain));
    await put('programs', async () => programs(facts));
  }
  // Whatever is named like nothing of it, and is the value of a secret all the same.
  return new Map([...files].map(([path, text]) => [path, session.secrets.conceal(text)]));
}

const plain = (_: unknown, text: string): string => text;

function clientConfig({ host, options, session }: Context): object {
  const { trust, ...config } = cloudConfig(
    { ...host, terminal: { ...host.terminal, err: () => undefined } },
    options,
    session.secrets,
  );
  return {
    ...config,
    certificates:
      trust.insecure === true ? 'not checked' : trust.ca === undefined ? 'usual authorities' : 'own authorities',
  };
}

function programs({ servers, agents, etcd }: DoctorFacts): object {
  const told = ({ url, ready, metrics }: DoctorFacts['servers'][number]) => ({
    url,
    ready,
    metrics: metrics.known ? Object.fromEntries(metrics.value) : metrics.why,
  });
  return { servers: servers.map(told), agents: agents.map(told), etcd };
}

/** A bundle of a cloud in trouble is the one that is needed: what fails is told, and the rest goes on. */
async function attempted<T>(ask: () => Promise<T>): Promise<T | { readonly error: string }> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CliError) return { error: error.message };
    throw error;
  }
}
