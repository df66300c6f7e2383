// What lintian says of our packages and is meant to be so, each with the reason.

const reasons = [
  {
    why: 'It brings the Node.js that it was tested with, built by its own makers: Debian 12 has one that is too old (decision 53).',
    tags: ({ node }) => node && [`embedded-library zlib [${node}]`, `hardening-no-pie [${node}]`],
  },
  {
    why: 'Licences of others are given word for word.',
    tags: ({ node }) => node && ['copyright-file-contains-full-apache-2-license', 'old-fsf-address-in-copyright-file'],
  },
  {
    why: 'The version names the commit, and the time of it.',
    tags: ({ node }) => !node && ['package-has-long-file-name *'],
  },
  {
    why: "It is not made for Debian's archive, so no bug of Debian's asks for it.",
    tags: ({ changelog }) => [`initial-upload-closes-no-bugs [${changelog}:1]`],
  },
];

/**
 * The file of overrides of a package.
 * @param {{name: string, node?: string, changelog: string}} what `node`, `changelog`: those files, from the package's root; without
 * `node` there is nothing of others in it
 */
export function overrides(what) {
  const blocks = reasons.flatMap(({ why, tags }) => {
    const found = tags(what);
    return found ? [[`# ${why}`, ...found.map((tag) => `${what.name}: ${tag}`)].join('\n')] : [];
  });
  return `${blocks.join('\n\n')}\n`;
}
