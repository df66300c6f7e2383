import { expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import { exposeProcess } from './process-metrics.js';

it('certificates are shown by the option of their file, as they are at each scrape', async () => {
  const metrics = new Metrics();
  let ends = 2_000;
  const certificates = () => [
    { what: "the API's certificate (listen.tls_cert_file)", option: 'listen.tls_cert_file', ends },
  ];
  exposeProcess(metrics, { program: 'taas-server', version: '1', certificates });
  const shown = async () => (await metrics.scrape()).text.match(/^taas_certificate.*$/gm);
  expect(await shown()).toEqual(['taas_certificate_expiry_timestamp_seconds{certificate="listen.tls_cert_file"} 2']);
  ends = 3_000;
  expect(await shown()).toEqual(['taas_certificate_expiry_timestamp_seconds{certificate="listen.tls_cert_file"} 3']);
});
