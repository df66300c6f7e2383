import { CliError } from '../exit-codes.js';
import type { CloudConfig } from './cloud-config.js';
import type { CatalogueService } from './keystone-login.js';

/**
 * Where the network API is, without a slash or a version at its end.
 * @throws CliError usage if nobody says it
 */
export function networkEndpoint(config: CloudConfig, catalogue: readonly CatalogueService[]): string {
  const { endpointOverride, region, interface: side, from } = config;
  const url = endpointOverride ?? ofCatalogue(catalogue, side, region);
  if (url === undefined) {
    const has = catalogue.filter(({ type }) => type === 'network').flatMap(({ endpoints }) => endpoints);
    const known = has.map((each) => `${each.interface} in ${each.region}`).join(', ');
    throw new CliError(
      'usage',
      `the catalogue of ${from} has no network endpoint with interface ${side}${region === undefined ? '' : ` in region ${region}`}; it has: ${known || 'none'}. OS_NETWORK_ENDPOINT_OVERRIDE names one`,
    );
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError('usage', `the network endpoint of ${from} is no http or https URL`);
  return url.replace(/\/+$/, '').replace(/\/v2\.0$/, '');
}

function ofCatalogue(catalogue: readonly CatalogueService[], side: string, region: string | undefined) {
  const endpoints = catalogue.filter(({ type }) => type === 'network').flatMap((service) => service.endpoints);
  return endpoints.find((each) => each.interface === side && (region === undefined || each.region === region))?.url;
}
