import type { Browser, Locator, Page } from 'playwright-core';

/** A page that has to be made first may take long on a busy machine. */
const patienceMs = 120_000;

/** Somebody at Horizon: a browser profile of their own, and what it has complained of. */
export class HorizonUser {
  /** Errors of scripts. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly url: string,
  ) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  static async open(browser: Browser, url: string): Promise<HorizonUser> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    context.setDefaultTimeout(patienceMs);
    return new HorizonUser(await context.newPage(), url);
  }

  async logIn(name: string, password: string): Promise<void> {
    await this.page.goto(`${this.url}/auth/login/?next=/project/taps/`);
    await this.page.locator('#id_username').fill(name);
    await this.page.locator('#id_password').fill(password);
    await this.page.locator('#loginBtn').click();
  }

  /** The link in Horizon's menu. */
  get menu(): Locator {
    return this.page.locator('#sidebar-accordion, nav').getByRole('link', { name: 'Taps', exact: true });
  }

  async tab(name: string): Promise<void> {
    await this.page.locator('#taps').getByRole('link', { name, exact: true }).click();
  }

  /** The rows of the table that is shown whose text has `text`. */
  row(text: string): Locator {
    return this.page.locator('.tab-pane.active tbody tr').filter({ hasText: text });
  }

  /** A form in front of the page. */
  get form(): Locator {
    return this.page.locator('form#tap_form');
  }

  async openForm(button: string): Promise<void> {
    await this.page.locator('.tab-pane.active .table_actions').getByRole('link', { name: button }).click();
    await this.form.waitFor();
  }

  async fill(field: string, value: string): Promise<void> {
    await this.form.locator(`#id_${field}`).fill(value);
  }

  /** Picks the first of a list whose text begins with `text`. */
  async pick(field: string, text: string): Promise<void> {
    const list = this.form.locator(`select[name="${field}"]`);
    const labels = await list.locator('option').allTextContents();
    const label = labels.map((each) => each.trim()).find((each) => each.startsWith(text));
    if (label === undefined) throw new Error(`${field} offers no ${text}: ${labels.join(', ')}`);
    await list.selectOption({ label });
  }

  async submit(): Promise<void> {
    await this.form.locator('input[type="submit"]').click();
  }

  /** What Horizon tells at the top of the page. */
  told(text: string | RegExp): Locator {
    return this.page.locator('.messages .alert').filter({ hasText: text });
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}
