// Preloaded into a `taas-server` (--profile): where its processor time went, from its start to its end, as Chrome's tools read it.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const directory = process.env['SCALE_PROFILE'];

if (directory !== undefined) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 1000 });
  session.post('Profiler.start');
  // Answers come at once: the session is this process's own.
  process.on('exit', () =>
    session.post('Profiler.stop', (_error, { profile }) =>
      writeFileSync(join(directory, `${process.pid}.cpuprofile`), JSON.stringify(profile)),
    ),
  );
}
