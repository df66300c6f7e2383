// 10,000 taps x 8 series: the library against our own writer. Prints for four scrapes each: wall clock ms, processor ms, longest wait of
// anybody else in ms, bytes. Run: npx tsc -b && node packages/service/bench/exposition.mjs
import { performance } from 'node:perf_hooks';
import { labelText, Metrics, metricLines, sampleLines } from '../dist/index.js';

const taps = Array.from({ length: 10_000 }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
const names = Array.from({ length: 8 }, (_, n) => ({
  name: `taas_flow_stage${n}_packets_total`,
  help: 'x.',
  type: 'counter',
  labels: ['tap_flow', 'direction', 'project'],
}));
function lib() {
  const m = new Metrics();
  for (const d of names)
    m.expose(d, () => taps.map((tap_flow, n) => ({ labels: { tap_flow, direction: 'IN', project: 'p' }, value: n })));
  return m;
}
function own() {
  const m = new Metrics();
  m.exposeText(function* () {
    const labels = taps.map((tap_flow) => labelText({ tap_flow, direction: 'IN', project: 'p' }));
    yield '';
    for (const d of names) {
      const line = sampleLines(d.name);
      const samples = labels.map((l, n) => ({ labels: l, value: BigInt(n) }));
      yield* metricLines(d, samples, (each) => line(each.labels, each.value));
    }
  });
  return m;
}
async function run(make) {
  const m = make();
  const out = [];
  for (let r = 0; r < 4; r++) {
    let longest = 0,
      last = performance.now(),
      on = true;
    const tick = () => {
      const t = performance.now();
      longest = Math.max(longest, t - last);
      last = t;
      if (on) setImmediate(tick);
    };
    setImmediate(tick);
    const t = performance.now();
    const c = process.cpuUsage();
    let bytes = 0;
    for await (const s of m.slices()) bytes += s.length;
    const wall = performance.now() - t;
    const u = process.cpuUsage(c);
    await new Promise(setImmediate);
    on = false;
    await new Promise(setImmediate);
    out.push([wall.toFixed(0), ((u.user + u.system) / 1000).toFixed(0), longest.toFixed(0), bytes]);
  }
  return out;
}
console.log('prom-client', JSON.stringify(await run(lib)));
console.log('own', JSON.stringify(await run(own)));
