import { signal } from '@preact/signals';
import { ApiError, type Asker } from '../api/ask.js';

/** Who is logged in, as the server tells it. */
export interface SessionInfo {
  readonly user: { readonly id: string; readonly name: string };
  readonly project: { readonly id: string; readonly name: string };
  readonly projects: readonly { readonly id: string; readonly name: string }[];
  readonly expires_at: string;
  readonly sees_all_projects: boolean;
  readonly may: Readonly<Record<string, boolean>>;
  readonly csrf: string;
}

/** `asking`: not known yet. */
export type SessionState =
  | { readonly is: 'asking' }
  | { readonly is: 'nobody'; readonly ended: boolean }
  | { readonly is: 'somebody'; readonly info: SessionInfo }
  | { readonly is: 'unknown'; readonly why: string };

export interface LoginFields {
  readonly user?: string;
  readonly domain?: string;
  readonly password?: string;
  readonly passcode?: string;
  readonly project?: string;
  readonly application_credential_id?: string;
  readonly secret?: string;
}

/** The session of this browser; the page has nothing of it but what the server says. */
export class Session {
  readonly state = signal<SessionState>({ is: 'asking' });
  #looking: Promise<void> | null = null;

  constructor(private readonly asker: Asker) {
    asker.onNobody = () => void this.look();
  }

  get info(): SessionInfo | null {
    const state = this.state.value;
    return state.is === 'somebody' ? state.info : null;
  }

  /** Asks the server, once however many want to know: another tab may have logged in, out, or to another project. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const before = this.state.value.is;
    try {
      this.#taken(await this.asker.ask('session', { background: true }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.state.value = { is: 'nobody', ended: before === 'somebody' };
      // What is shown stays: the server may be back in a moment.
      else if (before !== 'somebody') this.state.value = { is: 'unknown', why: error.message };
    }
  }

  /** @throws ApiError */
  async logIn(fields: LoginFields): Promise<void> {
    this.#taken(await this.asker.ask('session', { method: 'POST', body: fields }));
  }

  /** @throws ApiError */
  async switchTo(projectId: string): Promise<void> {
    this.#taken(await this.asker.ask('session', { method: 'PUT', body: { project_id: projectId } }));
  }

  /** @throws ApiError */
  async logOut(): Promise<void> {
    await this.asker.ask('session', { method: 'DELETE' });
    this.state.value = { is: 'nobody', ended: false };
  }

  #taken(answer: unknown): void {
    const info = answer as SessionInfo;
    this.asker.csrf = info.csrf;
    const before = this.state.value;
    const same = before.is === 'somebody' && JSON.stringify(before.info) === JSON.stringify(info);
    if (!same) this.state.value = { is: 'somebody', info };
  }
}
