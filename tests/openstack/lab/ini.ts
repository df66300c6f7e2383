/** Options of oslo.config or uwsgi, by section. */
export type Ini = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

export function iniText(ini: Ini): string {
  const sections = Object.entries(ini).map(([section, values]) =>
    [`[${section}]`, ...Object.entries(values).map(([name, value]) => `${name} = ${value}`)].join('\n'),
  );
  return `${sections.join('\n\n')}\n`;
}
