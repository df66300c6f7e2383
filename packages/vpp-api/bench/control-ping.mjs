// Pipelined control_pings a second against a VPP: node bench/control-ping.mjs SOCKET [COUNT] [IN_FLIGHT]; prints JSON.
import { agentMessages, connect } from '../dist/index.js';

const [socketPath, count = '200000', inFlight = '512'] = process.argv.slice(2);
if (socketPath === undefined) {
  console.error('usage: node bench/control-ping.mjs SOCKET [COUNT] [IN_FLIGHT]');
  process.exit(2);
}
const client = await connect({ socketPath, clientName: 'bench-control-ping', messages: agentMessages });

async function run(total) {
  let sent = 0;
  const one = async () => {
    while (sent < total) {
      sent++;
      await client.request('control_ping', {});
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: Number(inFlight) }, one));
  return (total * 1000) / (performance.now() - start);
}

await run(Number(count) / 4); // warm-up
const rates = [];
for (let i = 0; i < 5; i++) rates.push(Math.round(await run(Number(count))));
rates.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    bench: 'vpp-api control_ping, pipelined',
    vpp: client.version.version,
    node: process.version,
    count: Number(count),
    inFlight: Number(inFlight),
    perSecond: { min: rates[0], median: rates[2], max: rates[4] },
  }),
);
await client.close();
