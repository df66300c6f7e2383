import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { openSegmentFile, type SegmentBytes } from './segment-bytes.js';
import { VppStatsError } from './stats-error.js';

export interface ReceiveSegmentOptions {
  /** Default: where Linux distributions have it. */
  readonly python?: string;
  /** Default 5,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * VPP hands its memory over by a socket of packets (SOCK_SEQPACKET), with SCM_RIGHTS. Node.js can neither make such a socket nor be
 * given a file by it; Python can, and runs wherever networking-vpp does. It keeps the file until its input ends.
 * Source of what VPP does: src/vlib/stats/init.c, stats_socket_accept_ready.
 */
const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(4)
s.connect(sys.argv[1])
fds = socket.recv_fds(s, 256, 1)[1]
print(fds[0], flush=True)
sys.stdin.read()
`;

/**
 * Opens a VPP's statistics segment by its socket, which takes no more than the right to connect to it: VPP gives that to its group.
 * For who may not look at VPP's open files, or sees no process of VPP's.
 * @param socketPath VPP's `statseg { socket-name }`
 * @throws VppStatsError `unreachable`: no socket, no right to connect, no Python of 3.9 or newer, or no answer in time
 */
export async function receiveSegment(socketPath: string, options: ReceiveSegmentOptions = {}): Promise<SegmentBytes> {
  const { python = '/usr/bin/python3', timeoutMs = 5_000, signal } = options;
  // Cheaper than to have Python say it.
  await stat(socketPath).catch((cause: unknown) => {
    throw unreachable(socketPath, String(cause), cause);
  });
  signal?.throwIfAborted();
  const helper = startHelper(python, socketPath, timeoutMs, signal);
  try {
    const number = await new Promise<string>((resolve, reject) => {
      let [out, complaint] = ['', ''];
      // First of all: with no file descriptor left there is a helper without pipes.
      helper.on('error', (cause) => reject(unreachable(socketPath, String(cause), cause)));
      helper.stdout?.on('data', (data: Buffer) => {
        out += data.toString('latin1');
        if (out.includes('\n')) resolve(out.trim());
      });
      helper.stderr?.on('data', (data: Buffer) => {
        complaint = (complaint + data.toString('utf8')).slice(-longestComplaint);
      });
      helper.on('close', () => reject(unreachable(socketPath, lastLine(complaint) || 'no answer in time')));
    });
    if (!/^\d{1,9}$/.test(number)) throw unreachable(socketPath, 'the helper does not say which file it was given');
    // The helper's own: a child of the same user, whatever VPP is.
    return openSegmentFile(`/proc/${helper.pid}/fd/${number}`, `the segment by ${socketPath}`);
  } finally {
    helper.stdin?.end();
    helper.kill('SIGKILL');
  }
}

/** @throws VppStatsError `unreachable` where no process can be made */
function startHelper(python: string, socketPath: string, timeoutMs: number, signal: AbortSignal | undefined) {
  try {
    return spawn(python, ['-I', '-c', script, socketPath], {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    throw unreachable(socketPath, String(cause), cause);
  }
}

/** In characters; Python's last line says what is wrong. */
const longestComplaint = 2_000;

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

function unreachable(socketPath: string, why: string, cause?: unknown): VppStatsError {
  const message = `the statistics segment could not be had by ${socketPath}: ${why}`;
  return new VppStatsError('unreachable', message, cause === undefined ? {} : { cause });
}
