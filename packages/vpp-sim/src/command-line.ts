import { parseArgs } from 'node:util';

/** A port or an uplink named on the command line. */
export interface DeviceArgument {
  readonly name: string;
  readonly tag: string | undefined;
  readonly bridgeDomain: number | undefined;
  /** Unix socket through which another process is the VM, or the cable. */
  readonly socket: string | undefined;
}

export interface CommandLine {
  readonly socket: string;
  readonly name: string;
  readonly ports: readonly DeviceArgument[];
  readonly uplinks: readonly DeviceArgument[];
}

/** A command line that cannot be followed; the message names what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Usage: vpp-sim --socket PATH [--name NAME] [--port DEVICE]... [--uplink DEVICE]...

A stand-in for VPP: answers VPP's binary API on a unix socket and forwards frames.

  --socket PATH    where the API socket is to be (required)
  --name NAME      who it is, in what it answers people (default: vpp-sim)
  --port DEVICE    a VM's port; may be given several times
  --uplink DEVICE  an uplink; may be given several times
  --help           this text

DEVICE is NAME[,tag=TAG][,bd=ID][,socket=PATH]: the interface's name, its VPP tag, the bridge domain to put
it into, and a unix socket that carries its frames, each behind four bytes of length (big-endian).
`;

/** Reads the arguments; undefined when help is asked for. @throws UsageError. */
export function readCommandLine(args: readonly string[]): CommandLine | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  if (values.socket === undefined) throw new UsageError('--socket is missing');
  return {
    socket: values.socket,
    name: values.name ?? 'vpp-sim',
    ports: (values.port ?? []).map(readDevice),
    uplinks: (values.uplink ?? []).map(readDevice),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        socket: { type: 'string' },
        name: { type: 'string' },
        port: { type: 'string', multiple: true },
        uplink: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readDevice(text: string): DeviceArgument {
  const [name = '', ...parts] = text.split(',');
  if (name === '') throw new UsageError(`"${text}" names no device`);
  const given = new Map(parts.map((part) => [part.split('=')[0] ?? '', part.slice(part.indexOf('=') + 1)]));
  for (const key of given.keys())
    if (!['tag', 'bd', 'socket'].includes(key)) throw new UsageError(`"${text}": there is no setting "${key}"`);
  const bd = given.get('bd');
  if (bd !== undefined && !/^[1-9]\d{0,7}$/.test(bd)) throw new UsageError(`"${text}": "${bd}" is no bridge domain id`);
  return {
    name,
    tag: given.get('tag'),
    bridgeDomain: bd === undefined ? undefined : Number(bd),
    socket: given.get('socket'),
  };
}
