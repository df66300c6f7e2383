// `npm run receipts -- FILE`: says what is missing in a capture of a collector's port, by the receipts in it.
import { parseArgs } from 'node:util';
import { build, install } from './prepare.mjs';

const help = `npm run receipts -- FILE [--service ID]

Reads a capture of a collector's port (pcap or pcapng, whole frames: tcpdump -s 0), and says how many copies its tap service
should have been given, and how many are missing, by the receipts in it (docs/reference/receipts.md).

  --service ID   the tap service; default: the first of which there is a receipt
  --help         this text

The exit code is 0 if nothing is missing for certain, 1 if something is or may be, 2 if the file cannot be read.`;

const { values, positionals } = parseArgs({
  options: { service: { type: 'string' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const [file] = positionals;
if (values.help || file === undefined) {
  process.stdout.write(`${help}\n`);
  process.exit(values.help ? 0 : 2);
}
install();
build();
const { readCapture, receiptReport } = await import('@taas/packets');
try {
  const frames = await readCapture(file);
  const { lines, isComplete } = receiptReport(
    frames.map(({ frame }) => frame),
    values.service ?? null,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = isComplete ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
