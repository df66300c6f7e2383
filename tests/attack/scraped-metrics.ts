/** The values that a program's `/metrics` shows now, by name with labels, such as `taas_leader` or `x_total{reason="a"}`. */
export async function scrapedMetrics(health: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${health}/metrics`);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Refused signatures by reason, without those of which there were none. */
export async function refusedSignatures(health: string): Promise<Readonly<Record<string, number>>> {
  const refused = [...(await scrapedMetrics(health))].flatMap(([name, value]) => {
    const reason = /^taas_signature_refused_total\{reason="(\w+)"\}$/.exec(name)?.[1];
    return reason === undefined || value === 0 ? [] : [[reason, value] as const];
  });
  return Object.fromEntries(refused);
}
