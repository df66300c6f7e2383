import type { Capture, LabSwitch } from '@taas/lab';
import { connect, type VppClient, VppDisconnectedError, VppRetvalError } from 'vpp-api';
import { EventLog } from './event-log.js';
import { builtFrame, type FrameSpec, frameText } from './frame-spec.js';
import { readers, text } from './looks.js';
import { type AskedMessages, askedMessages } from './messages.js';
import { ImpossibleStep, Names } from './names.js';
import type { CallStep, LookStep, PortStep, SendStep, Step } from './step.js';
import { stepText } from './step-text.js';

/** What a switch did when it was put through some steps. */
export interface Observation {
  /** What it answered, dumped and delivered, a paragraph for each step: equal on two switches that do the same. */
  readonly transcript: readonly string[];
  /** Where it did not do what the steps say. */
  readonly surprises: readonly string[];
}

interface Answer {
  readonly lines: readonly string[];
  readonly surprise?: string;
}

/** Puts a fresh switch through the steps. Nothing is a failure but a step without sense; what is odd is in the result. */
export async function observe(on: LabSwitch, steps: readonly Step[]): Promise<Observation> {
  const client = await connect({
    socketPath: on.apiSocket,
    clientName: 'differential',
    messages: askedMessages,
    healthIntervalMs: 0,
  });
  try {
    const trial = new Trial(on, client);
    for (const step of steps) if (!(await trial.perform(step))) break;
    return trial;
  } finally {
    await client.close();
  }
}

class Trial implements Observation {
  readonly transcript: string[] = [];
  readonly surprises: string[] = [];
  readonly #names = new Names();
  readonly #sent = new Map<number, FrameSpec>();
  readonly #captures = new Map<string, Capture>();
  readonly #events: EventLog;

  constructor(
    private readonly on: LabSwitch,
    private readonly client: VppClient<AskedMessages>,
  ) {
    this.#events = new EventLog(client);
  }

  /** False when the switch is gone, which is an observation like any other. */
  async perform(step: Step): Promise<boolean> {
    const does = stepText(step);
    try {
      const { lines, surprise } = await this.#answer(step);
      this.transcript.push([does, ...lines.map((line) => `   ${line}`)].join('\n'));
      if (surprise !== undefined) this.surprises.push(`${does}: ${surprise}`);
      return true;
    } catch (error) {
      if (error instanceof ImpossibleStep) {
        this.transcript.push(`${does}\n   left out: ${error.message}`);
        return true;
      }
      if (!(error instanceof VppDisconnectedError)) throw error;
      this.transcript.push(`${does}\n   the switch is gone`);
      this.surprises.push(`${does}: the switch is gone`);
      return false;
    }
  }

  #answer(step: Step): Promise<Answer> {
    switch (step.do) {
      case 'call':
        return this.#call(step);
      case 'add port':
        return this.#addPort(step);
      case 'remove port':
        return this.#removePort(step.name);
      case 'send':
        return this.#send(step);
      case 'look':
        return this.#look(step);
    }
  }

  async #call(step: CallStep): Promise<Answer> {
    const fields = this.#names.resolve(step.fields);
    try {
      // The constructors of steps check the fields by message; here only the message's name is left of the types.
      const reply: object = await this.client.request(step.message, fields as never);
      const made = indexIn(reply);
      if (step.as !== undefined && made !== undefined) this.#names.give(step.as, made);
      return { lines: [`ok ${text(reply)}`], ...differs('ok', step.answer) };
    } catch (error) {
      if (!(error instanceof VppRetvalError)) throw error;
      const name = error.errorName.replace('VNET_API_ERROR_', '');
      return { lines: [`refused ${name} (${error.retval})`], ...differs(name, step.answer) };
    }
  }

  async #addPort({ name, bridgeDomain }: PortStep): Promise<Answer> {
    this.#names.checkFree(name);
    const id = `port ${name}`;
    // The lab makes ports in a bridge domain; one without is taken out of it again.
    const made = await this.on.addPort({ id, bridgeDomain: bridgeDomain ?? 1 });
    const port = bridgeDomain === null ? await this.on.bridgePort(made, null) : made;
    this.#names.givePort(name, port);
    this.#captures.set(name, await this.on.capture(port));
    return { lines: [`#${port.swIfIndex}`] };
  }

  async #removePort(name: string): Promise<Answer> {
    const port = this.#names.takePort(name);
    const given = await this.#takeCaptured(name);
    await this.on.removePort(port);
    return { lines: given === '' ? [] : [`${name} was given ${given}`] };
  }

  async #send({ from, frames, arrives }: SendStep): Promise<Answer> {
    const port = this.#names.port(from);
    for (const spec of frames) this.#sent.set(spec.n, spec);
    await this.on.send(port, frames.map(builtFrame));
    const lines: string[] = [];
    const got = new Map<string, string>();
    for (const [name, watched] of this.#names.ports) {
      const given = await this.#takeCaptured(name);
      this.#captures.set(name, await this.on.capture(watched));
      got.set(name, given);
      if (given !== '') lines.push(`${name} is given ${given}`);
    }
    if (arrives === undefined) return { lines };
    const wrong = [...got].find(([name, texts]) => (arrives[name] ?? []).map(String).sort().join(' ') !== texts);
    return wrong === undefined ? { lines } : { lines, surprise: `${wrong[0]} was given "${wrong[1]}"` };
  }

  /** What a port was given since this was last asked, sorted: copies overtake each other in a way that is VPP's own. */
  async #takeCaptured(name: string): Promise<string> {
    const frames = (await this.#captures.get(name)?.stop()) ?? [];
    this.#captures.delete(name);
    return frames
      .map((frame) => frameText(frame, this.#sent))
      .sort()
      .join(' ');
  }

  async #look({ at, names, shows }: LookStep): Promise<Answer> {
    const indices = names?.map((name) => this.#names.index(name));
    const found =
      at === 'events'
        ? await this.#events.take()
        : await readers[at]({ on: this.on, client: this.client, names: this.#names });
    const lines = found
      .filter(({ index }) => indices === undefined || index === undefined || indices.includes(index))
      .map((line) => line.text);
    const missing = shows?.find((part) => !lines.some((line) => line.includes(part)));
    return missing === undefined ? { lines } : { lines, surprise: `nothing shows "${missing}"` };
  }
}

/** The index of what a request made, if it made something. */
function indexIn(reply: object): number | undefined {
  for (const key of ['sw_if_index', 'acl_index', 'policer_index', 'new_table_index'])
    if (key in reply)
      return Number(Reflect.get(reply, key)) === 0xffff_ffff ? undefined : Number(Reflect.get(reply, key));
  return undefined;
}

function differs(got: string, wanted: string | undefined): { surprise?: string } {
  return wanted === undefined || got === wanted ? {} : { surprise: `the answer was ${got}, not ${wanted}` };
}
