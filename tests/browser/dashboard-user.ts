import type { Browser, Page } from 'playwright-core';

export interface UserOptions {
  readonly width?: number;
  readonly dark?: boolean;
}

/** Somebody at the dashboard: a browser profile of their own, and what it has complained of. */
export class DashboardUser {
  /** Errors of scripts, and what the content security policy has stopped. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly url: string,
  ) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // Whoever is not logged in yet is told so by a 401, which the browser writes down.
      if (!/status of (400|401|403|404|409|429|503)|ERR_CONNECTION|ERR_INCOMPLETE/.test(message.text()))
        this.complaints.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    url: string,
    { width = 1280, dark = false }: UserOptions = {},
  ): Promise<DashboardUser> {
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: dark ? 'dark' : 'light',
      acceptDownloads: true,
      locale: 'en-GB',
      ignoreHTTPSErrors: true,
    });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const user = new DashboardUser(page, url);
    await page.goto(`${url}/dashboard/`);
    return user;
  }

  async logIn(name: string, password: string, project?: string): Promise<void> {
    await this.fillIn(name, password, project);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }

  /** All of a log-in but the click. */
  async fillIn(name: string, password: string, project?: string): Promise<void> {
    await this.page.getByLabel('User', { exact: true }).fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    if (project !== undefined) await this.page.getByLabel(/^Project/).fill(project);
  }

  /** Goes to a page of the dashboard, as its links do. */
  async go(...parts: readonly string[]): Promise<void> {
    await this.page.goto(`${this.url}/dashboard/#/${parts.map(encodeURIComponent).join('/')}`);
  }

  /** What the page asks of the API with its session, as a script in it would. */
  async fetched(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return this.page.evaluate(async (asked) => {
      const answer = await fetch(asked);
      return { status: answer.status, text: await answer.text() };
    }, path);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}
