// Classic BPF (McCanne, Jacobson 1993; net/bpf.h of the BSDs): the programs that libpcap makes of filter expressions.

/** A program that cannot be run. */
export class BpfError extends Error {
  override readonly name = 'BpfError';
}

interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly k: number;
}

export type BpfProgram = readonly Instruction[];

/** As the kernel has it. */
const mostInstructions = 4096;
const memoryWords = 16;

/**
 * A program as `tcpdump -ddd` writes it: how many instructions, then each as four numbers.
 * @throws BpfError for what is no program, or might not end, or reaches outside of itself
 */
export function parseBpf(text: string): BpfProgram {
  const [count, ...lines] = text.trim().split('\n');
  const program = lines.map((line, at): Instruction => {
    const parts = line.trim().split(/\s+/);
    const [code = -1, ifTrue = -1, ifFalse = -1, k = -1] = parts.map(Number);
    const isWhole = [code, ifTrue, ifFalse, k].every((each) => Number.isInteger(each) && each >= 0);
    if (parts.length !== 4 || !isWhole || k > 0xffffffff) throw new BpfError(`line ${at + 2} is no instruction`);
    return { code, ifTrue, ifFalse, k };
  });
  if (Number(count) !== program.length || program.length === 0 || program.length > mostInstructions)
    throw new BpfError('the number of instructions is not as it says, or none, or too many');
  for (const [at, instruction] of program.entries()) check(instruction, program.length - at - 1, at);
  if (((program.at(-1)?.code ?? 0) & 7) !== 6) throw new BpfError('the program does not return');
  return program;
}

/** @param left instructions behind this one: jumps go forward alone, so that each program ends */
function check({ code, ifTrue, ifFalse, k }: Instruction, left: number, at: number): void {
  if (!known.has(code)) throw new BpfError(`instruction ${at} has the unknown code ${code}`);
  const jump = (code & 7) !== 5 ? 0 : (code & 0xf0) === 0 ? k : Math.max(ifTrue, ifFalse);
  if ((code & 7) === 5 && jump >= left) throw new BpfError(`instruction ${at} jumps out of the program`);
  if ((code === 0x60 || code === 0x61 || code === 2 || code === 3) && k >= memoryWords)
    throw new BpfError(`instruction ${at} is about memory that there is not`);
}

const alu = [0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0x94, 0xa4];
const jumps = [0x15, 0x25, 0x35, 0x45];
const known: ReadonlySet<number> = new Set([
  ...[0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80],
  ...[0x01, 0x61, 0x81, 0xb1],
  ...[0x02, 0x03, 0x05, 0x84, 0x06, 0x0e, 0x16, 0x07, 0x87],
  ...alu.flatMap((code) => [code, code | 8]),
  ...jumps.flatMap((code) => [code, code | 8]),
]);

/** Whether a program takes a frame. */
export function bpfTakes(program: BpfProgram, frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const memory = new Uint32Array(memoryWords);
  let [a, x] = [0, 0];
  for (let at = 0; at < program.length; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) return false;
    const { code, ifTrue, ifFalse, k } = instruction;
    switch (code & 7) {
      case 0: {
        const loaded = load(code, k, x, view, memory);
        // What is beyond the frame's end is in no packet that is looked for.
        if (loaded === null) return false;
        a = loaded;
        break;
      }
      case 1: {
        if (code === 0xb1) {
          if (k >= frame.length) return false;
          x = (view.getUint8(k) & 0xf) << 2;
        } else x = code === 0x61 ? (memory[k] ?? 0) : code === 0x81 ? frame.length : k;
        break;
      }
      case 2:
        memory[k] = a;
        break;
      case 3:
        memory[k] = x;
        break;
      case 4: {
        const result = calculate(code & 0xf0, a, (code & 8) === 0 ? k : x);
        if (result === null) return false;
        a = result;
        break;
      }
      case 5:
        if ((code & 0xf0) === 0) at += k;
        else at += compare(code & 0xf0, a, (code & 8) === 0 ? k : x) ? ifTrue : ifFalse;
        break;
      case 6:
        return (code === 0x06 ? k : code === 0x0e ? x : a) !== 0;
      default:
        if (code === 0x07) x = a;
        else a = x;
    }
  }
  return false;
}

function load(code: number, k: number, x: number, view: DataView, memory: Uint32Array): number | null {
  const mode = code & 0xe0;
  if (mode === 0x00) return k;
  if (mode === 0x60) return memory[k] ?? 0;
  if (mode === 0x80) return view.byteLength;
  const at = mode === 0x40 ? x + k : k;
  const size = (code & 0x18) === 0x10 ? 1 : (code & 0x18) === 0x08 ? 2 : 4;
  if (at + size > view.byteLength) return null;
  return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
}

/** In 32 bits without a sign. @returns null for a division by zero */
function calculate(operation: number, a: number, by: number): number | null {
  switch (operation) {
    case 0x00:
      return (a + by) >>> 0;
    case 0x10:
      return (a - by) >>> 0;
    case 0x20:
      return Math.imul(a, by) >>> 0;
    case 0x30:
      return by === 0 ? null : Math.floor(a / by);
    case 0x40:
      return (a | by) >>> 0;
    case 0x50:
      return (a & by) >>> 0;
    case 0x60:
      return by > 31 ? 0 : (a << by) >>> 0;
    case 0x70:
      return by > 31 ? 0 : a >>> by;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return by === 0 ? null : a % by;
    default:
      return (a ^ by) >>> 0;
  }
}

function compare(operation: number, a: number, by: number): boolean {
  if (operation === 0x10) return a === by;
  if (operation === 0x20) return a > by;
  return operation === 0x30 ? a >= by : (a & by) !== 0;
}
