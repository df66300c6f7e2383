import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { findNetworkingVpp } from './checkout/networking-vpp.js';
import { NeighbourCloud } from './lab/neighbour-cloud.js';
import { Vms } from './lab/vms.js';
import { describeDeletions } from './suites/deletions.suite.js';
import { describeEmulation } from './suites/emulation.suite.js';
import { describeFlat } from './suites/flat.suite.js';
import { describeMeasures } from './suites/measures.suite.js';
import { describeMigration } from './suites/migration.suite.js';
import { describeOldTaas } from './suites/old-taas.suite.js';
import { describeRestarts } from './suites/restarts.suite.js';
import { describeRouter } from './suites/router.suite.js';
import { describeSecurityGroups } from './suites/security-groups.suite.js';
import { describeTaps } from './suites/taps.suite.js';
import { describeTrunks } from './suites/trunks.suite.js';
import { describeTurnovers } from './suites/turnovers.suite.js';
import { describeVppRestart } from './suites/vpp-restart.suite.js';

const found = findNetworkingVpp(process.env);
const why = 'missing' in found ? ` (skipped: ${found.missing})` : '';

describe.skipIf('missing' in found)(`beside the real networking-vpp${why}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'taas-nvpp-'));
  let vms: Vms;

  beforeAll(async () => {
    if ('missing' in found) return;
    vms = new Vms(await NeighbourCloud.start(found, directory, { say: (line) => console.log(line) }));
    console.log(`beside networking-vpp: ${vms.cloud.node('node-a').vpp.description}`);
  });
  afterAll(async () => {
    await vms?.cloud.stop();
    if (!process.env['KEEP']) rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(({ onTestFailed }) => {
    expect.hasAssertions();
    onTestFailed(vms.cloud.logsFrom());
  });

  describeTaps(() => vms);
  describeRestarts(() => vms);
  describeSecurityGroups(() => vms);
  describeDeletions(() => vms);
  describeTrunks(() => vms);
  describeMigration(() => vms);
  describeFlat(() => vms);
  describeEmulation(() => vms);
  describeRouter(() => vms);
  describeOldTaas(() => vms);
  describeMeasures(() => vms);
  describeTurnovers(() => vms);
  describeVppRestart(() => vms);
});
