import { bootstrapSchema, encodeFrame, FrameDecoder, SOCKCLNT_CREATE_REPLY_ID } from 'vpp-api';
import type { RelayFilter } from './relay.js';

/**
 * Requests whose answer is made up here: the bytes of their reply after id, context and retval (VPP's API definitions).
 * They are those that an agent configures VPP with.
 */
const restOfReply: Readonly<Record<string, number>> = {
  sw_interface_tag_add_del: 0,
  sw_interface_set_flags: 0,
  create_loopback_instance: 4,
  delete_loopback: 0,
  create_subif: 4,
  delete_subif: 0,
  l2_interface_vlan_tag_rewrite: 0,
  sw_interface_set_l2_bridge: 0,
  bridge_domain_add_del_v2: 4,
  sw_interface_span_enable_disable: 0,
  l2_flags: 4,
  vxlan_add_del_tunnel_v3: 4,
};

/** Messages that {@link VppFaults} can answer wrongly. */
export const refusableMessages: readonly string[] = Object.keys(restOfReply);

/**
 * How a request is answered that fails: `refused` is not carried out; `lied` is, and VPP's answer is changed into an error
 * all the same, as when VPP fails half-way.
 */
export type VppFaultKind = 'refused' | 'lied';

interface Rule {
  readonly kind: VppFaultKind;
  readonly retval: number;
  left: number;
}

/** What goes wrong between an agent and its VPP; one for all connections of a relay. */
export class VppFaults {
  readonly #rules = new Map<string, Rule>();
  #struck = 0;

  /** The next `times` requests of that name are answered with `retval`. @throws RangeError for a message it cannot answer */
  fail(message: string, kind: VppFaultKind, retval: number, times: number): void {
    if (restOfReply[message] === undefined) throw new RangeError(`no answer to ${message} can be made up`);
    this.#rules.set(message, { kind, retval, left: times });
  }

  clear(): void {
    this.#rules.clear();
  }

  /** Requests answered wrongly so far. */
  get struck(): number {
    return this.#struck;
  }

  take(message: string): Rule | undefined {
    const rule = this.#rules.get(message);
    if (rule === undefined || rule.left <= 0) return undefined;
    rule.left -= 1;
    this.#struck += 1;
    return rule;
  }

  /** The filter of one connection, for a relay before VPP's API socket. */
  readonly filter = (toClient: (chunk: Uint8Array) => void, toServer: (chunk: Uint8Array) => void): RelayFilter =>
    new VppFaultFilter(this, toClient, toServer);
}

class VppFaultFilter implements RelayFilter {
  /** Learnt from VPP's answer to the registration: ids of requests, and of replies by the request's name. */
  readonly #names = new Map<number, string>();
  readonly #replies = new Map<string, number>();
  /** By context: what VPP's answer is changed into. */
  readonly #lies = new Map<number, number>();
  readonly #requests = new FrameDecoder((id, buffer, start, end) => this.#request(id, buffer, start, end));
  readonly #answers = new FrameDecoder((id, buffer, start, end) => this.#answer(id, buffer, start, end));

  constructor(
    private readonly faults: VppFaults,
    private readonly toClient: (chunk: Uint8Array) => void,
    private readonly toServer: (chunk: Uint8Array) => void,
  ) {}

  fromClient(chunk: Buffer): void {
    this.#requests.push(chunk);
  }

  fromServer(chunk: Buffer): void {
    this.#answers.push(chunk);
  }

  #request(id: number, buffer: Buffer, start: number, end: number): void {
    const name = this.#names.get(id);
    const rule = name === undefined ? undefined : this.faults.take(name);
    if (name !== undefined && rule !== undefined) {
      // Behind the id stand client_index and context, four bytes each.
      const context = buffer.readUInt32BE(start + 4);
      const replyId = this.#replies.get(`${name}_reply`);
      if (rule.kind === 'lied') this.#lies.set(context, rule.retval);
      else if (replyId !== undefined) {
        const reply = Buffer.alloc(8 + (restOfReply[name] ?? 0));
        reply.writeUInt32BE(context, 0);
        reply.writeInt32BE(rule.retval, 4);
        this.toClient(encodeFrame(replyId, reply));
        return;
      }
    }
    this.toServer(encodeFrame(id, buffer.subarray(start, end)));
  }

  #answer(id: number, buffer: Buffer, start: number, end: number): void {
    const payload = Buffer.from(buffer.subarray(start, end));
    if (id === SOCKCLNT_CREATE_REPLY_ID) this.#learn(payload);
    else if (this.#lies.size > 0 && payload.length >= 8) {
      const context = payload.readUInt32BE(0);
      const lie = this.#lies.get(context);
      if (lie !== undefined) {
        this.#lies.delete(context);
        payload.writeInt32BE(lie, 4);
      }
    }
    this.toClient(encodeFrame(id, payload));
  }

  #learn(payload: Buffer): void {
    const reply = bootstrapSchema().message('sockclnt_create_reply').decode(payload);
    for (const { index, name } of reply['message_table'] as readonly {
      readonly index: number;
      readonly name: string;
    }[]) {
      const plain = name.replace(/_[0-9a-f]{8}$/, '');
      if (restOfReply[plain] !== undefined) this.#names.set(index, plain);
      if (restOfReply[plain.replace(/_reply$/, '')] !== undefined) this.#replies.set(plain, index);
    }
  }
}
