// The file `copyright` of a package, in Debian's form that programs can read: ours, and of all that is in it.

const head = [
  'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
  'Upstream-Name: networking-vpp-taas',
];
const apache = ['License: Apache-2.0', " On Debian, the licence's text is in /usr/share/common-licenses/Apache-2.0."];
const allOurs = (holder) => ['Files: *', `Copyright: ${holder}`, 'License: Apache-2.0'];
const joined = (paragraphs) => `${paragraphs.map((paragraph) => paragraph.join('\n')).join('\n\n')}\n`;

/** Of a package in which there is nothing of others. @param {string} holder who made ours */
export const oursAlone = (holder) => joined([head, allOurs(holder), apache]);

/**
 * @param {{bundles: readonly string[], node: string, libraries: import('./libraries.mjs').Library[], runtime: {version: string,
 * licence: string}, holder: string}} made `bundles` and `node`: the files, from the package's root; `holder`: who made ours
 */
export function copyrightFile({ bundles, node, libraries, runtime, holder }) {
  const names = libraries.map(({ name, version }) => `${name.replace('@', '').replace('/', '-')}-${version}`);
  const bundled = [
    `Files: ${bundles.join(' ')}`,
    `Copyright: ${holder}`,
    ...libraries.map((library) => `           ${holders(library)}`),
    `License: ${['Apache-2.0', ...names].join(' and ')}`,
    `Comment: each is one file with the libraries in it; sbom.cdx.json has their versions.`,
  ];
  const runtimes = [
    `Files: ${node}`,
    'Copyright: Node.js contributors; Joyent, Inc.; and those whom the text names',
    `License: node-${runtime.version}`,
    `Comment: Node.js ${runtime.version}.`,
  ];
  const texts = [
    apache,
    ...libraries.map(({ licence, text }, n) => [
      `License: ${names[n]}`,
      ...folded(`${licence}\n\n${text || withoutText(licence)}`),
    ]),
    [`License: node-${runtime.version}`, ...folded(runtime.licence)],
  ];
  return joined([head, allOurs(holder), bundled, runtimes, ...texts]);
}

/** Who has the copyright, as the licence says. */
function holders({ name, text }) {
  const lines = text.split('\n').map((line) => line.replace(/^[\s#*/]+/, '').trim());
  const said = lines.filter((line) => /^copyright\b.*(\d{4}|\(c\)|©|contributors)/i.test(line));
  if (said.length === 0) return `the authors of ${name}`;
  return said.map((line) => line.replace(/^copyright\s*/i, '')).join('; ');
}

/** What stands for the text of a licence that a library comes without. */
function withoutText(licence) {
  const said = ['The library comes without the text of its licence.'];
  if (licence.includes('Apache-2.0')) said.push("On Debian, Apache-2.0's is in /usr/share/common-licenses/Apache-2.0.");
  if (licence.includes('BSD-3-Clause')) said.push(bsd);
  if (licence.includes('MIT')) said.push(mit);
  return said.join('\n');
}

const mit = `
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const bsd = `
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are
met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the
   documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived from this
   software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT
HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT
LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON
ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE
USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

/** Lines that follow a field: each is indented, and an empty one is a dot. */
function folded(text) {
  const lines = text
    .replace(/[\t\r\f]/g, ' ')
    .trimEnd()
    .split('\n');
  return lines.map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`));
}
