import type { ComponentChildren } from 'preact';
import { percent } from './format.js';

const tones: Readonly<Record<string, string>> = {
  ACTIVE: 'good',
  ENDED: 'quiet',
  ERROR: 'bad',
  DOWN: 'bad',
};

/** A status in a word and a colour; with a reason it is not as good as it looks. */
export function Status({ status, reason }: { readonly status: string; readonly reason: string }) {
  const tone = status === 'ACTIVE' && reason !== '' ? 'warn' : (tones[status] ?? 'warn');
  return <span class={`status ${tone}`}>{status}</span>;
}

/** The share of what was asked for that has arrived. */
export function CompletenessBar({ share }: { readonly share: number | null | undefined }) {
  if (share === undefined) return <span class="quiet">–</span>;
  if (share === null) return <span class="quiet">not known</span>;
  const tone = share === 1 ? 'good' : share >= 0.99 ? 'warn' : 'bad';
  return (
    <span class="bar-line">
      <meter class={`bar ${tone}`} min={0} max={1} value={share} aria-label="completeness" />
      <span>{percent(share)}</span>
    </span>
  );
}

export function Notice({
  tone = 'warn',
  children,
}: {
  readonly tone?: 'warn' | 'bad' | 'quiet';
  readonly children: ComponentChildren;
}) {
  return (
    <p class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </p>
  );
}

/** What may be wider than the window, and scrolls for itself; by the keyboard as well. */
export function Wide({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse
    <section class="wide" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
