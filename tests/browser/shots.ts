import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** A picture of what somebody sees, for people, in the folder that DASHBOARD_SHOTS names; none without it. */
export async function keepShot(user: { readonly page: Page }, name: string): Promise<void> {
  const folder = process.env['DASHBOARD_SHOTS'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await user.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
