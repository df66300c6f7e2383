// What a package consists of, as CycloneDX 1.5. `npm sbom` names all that is installed for development too, and puts the
// time and a random number into it; this one names what is in the bundle, and is the same whenever it is made.

/**
 * @param {{name: string, version: string, libraries: import('./libraries.mjs').Library[], node: string, architecture: string,
 * epoch: number}} made `node`: version of Node.js; `epoch`: seconds
 * @returns {string} JSON
 */
export function sbom({ name, version, libraries, node, architecture, epoch }) {
  const components = libraries.map((library) => ({
    type: 'library',
    'bom-ref': `${library.name}@${library.version}`,
    ...{ name: library.name, version: library.version, purl: npmPurl(library) },
    licenses: [/[ ()]/.test(library.licence) ? { expression: library.licence } : { license: { id: library.licence } }],
    ...hashes(library.integrity),
  }));
  const runtime = {
    type: 'application',
    'bom-ref': `node@${node}`,
    ...{ name: 'node', version: node, purl: `pkg:generic/node@${node}?arch=${architecture}` },
    licenses: [{ license: { id: 'MIT' } }],
  };
  const component = {
    type: 'application',
    'bom-ref': `${name}@${version}`,
    ...{ name, version, purl: `pkg:deb/${name}@${encodeURIComponent(version)}?arch=${architecture}` },
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  const all = [...components, runtime];
  return `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      version: 1,
      metadata: { timestamp: new Date(epoch * 1000).toISOString(), lifecycles: [{ phase: 'build' }], component },
      components: all,
      dependencies: [{ ref: component['bom-ref'], dependsOn: all.map((each) => each['bom-ref']) }],
    },
    null,
    2,
  )}\n`;
}

const npmPurl = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** @param {string} integrity as in package-lock.json */
function hashes(integrity) {
  const [, content] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (content === undefined) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(content, 'base64').toString('hex') }] };
}
