/** The secrets that the command has met, so that none leaves it in a message. */
export class Secrets {
  readonly #known = new Set<string>();

  add(...secrets: readonly (string | undefined)[]): void {
    for (const secret of secrets) if (secret !== undefined && secret !== '') this.#known.add(secret);
  }

  /** The text with every secret in it, as it is and as URLs and JSON spell it, replaced. */
  conceal(text: string): string {
    const spelled = [...this.#known].flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]);
    // The longest first: one may be a part of another.
    return [...new Set(spelled)]
      .sort((a, b) => b.length - a.length)
      .reduce((concealed, each) => concealed.replaceAll(each, '***'), text);
  }
}

/** Whether a setting of this name holds a secret, in clouds.yaml, the environment or a header. */
export function isSecretName(name: string): boolean {
  return /pass(word|code|phrase|wd)|secret|token|private|api_?key|credential(?!.*_(id|name)$)/i.test(name);
}
