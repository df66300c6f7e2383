import type { Logger } from '@taas/service';
import { type CompileExpression, tcpdumpCompiler } from './bpf-expression.js';
import type { CaptureConfig } from './capture-options.js';
import type { CapturePlaceLimits } from './capture-places.js';
import { type OpenReceiver, udpReceiver } from './receiver-socket.js';

export interface CaptureLimits extends CapturePlaceLimits {
  /** What is kept of a capture that the client has not taken yet, in bytes. */
  readonly queueBytes: number;
}

/** What receives the copies of captures. */
export interface CaptureReceiver {
  /** Where nodes send to. */
  readonly address: string;
  /** On which this server listens. */
  readonly listenAddress: string;
  readonly open: OpenReceiver;
  readonly compileExpression: CompileExpression;
  /** This server's name, for people. */
  readonly server: string;
  readonly limits: CaptureLimits;
}

export interface CaptureReceiverDeps {
  readonly server: string;
  readonly logger: Logger;
  /** A UDP socket if undefined. */
  readonly openReceiver: OpenReceiver | undefined;
}

/** Null where the operator has set no address: this server receives no captures. */
export function captureReceiver(config: CaptureConfig, deps: CaptureReceiverDeps): CaptureReceiver | null {
  const { address, listen_address: listenAddress } = config;
  if (address === '') return null;
  return {
    address,
    listenAddress: listenAddress || address,
    open: deps.openReceiver ?? udpReceiver(deps.logger),
    server: deps.server,
    compileExpression: tcpdumpCompiler(config.tcpdump),
    limits: { captures: config.most, ofProject: config.most_of_project, queueBytes: config.queue_bytes },
  };
}
