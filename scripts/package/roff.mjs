// Pages of the manual in man(7)'s language.

/** Text that stands for itself. */
export function plain(text) {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('~', '\\(ti').replaceAll('^', '\\(ha');
  return escaped.replace(/^([.'])/gm, '\\&$1');
}

/**
 * @param {{name: string, section: number, epoch: number, version: string, summary: string}} page `epoch`: seconds; of
 * `version` only what stands before + and - is shown, since there is no room for more
 * @param {readonly (readonly [string, string])[]} sections heading, and what stands under it, as roff
 */
export function manPage({ name, section, epoch, version, summary }, sections) {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  const head = `.TH ${name.toUpperCase()} ${section} "${date}" "taas ${plain(version.split(/[+-]/)[0])}" "Tap\\-as\\-a\\-Service"`;
  const body = [['NAME', `${plain(name)} \\- ${plain(summary)}`], ...sections];
  return `${head}\n${body.map(([title, text]) => `.SH "${title}"\n${text}`).join('\n')}\n`;
}

/** A term, and what it means. */
export const entry = (term, meaning) => `.TP\n\\fB${plain(term)}\\fR\n${plain(meaning)}`;

export const paragraph = (text) => `.PP\n${plain(text)}`;
