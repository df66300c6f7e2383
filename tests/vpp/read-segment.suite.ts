import { findSegment, openSegmentFile, receiveSegment, StatsSegment, systemClock, VppStatsError } from 'vpp-api';

// A program of its own, for a user of its own: reads a segment's first interface name, or says why not.
const [, , way, pid = '', socket = ''] = process.argv;
try {
  const bytes = way === 'socket' ? await receiveSegment(socket) : openSegmentFile(await findSegment(Number(pid)));
  const names = await new StatsSegment(bytes, systemClock).readName('/if/names', 0, new AbortController().signal);
  console.log(JSON.stringify({ names }));
} catch (error) {
  if (!(error instanceof VppStatsError)) throw error;
  console.log(JSON.stringify({ problem: error.problem, message: error.message }));
}
