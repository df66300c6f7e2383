import { findUplink, type NodeFacts, uplinkIndices, type VppSnapshot } from '@taas/wiring';
import type { AgentConfig } from '../config.js';
import type { VppReader } from '../vpp/vpp-reader.js';
import { physnetNames } from './physnets.js';

/** What the server has to know of this node's uplinks, whenever they have been looked at. */
export class Uplinks {
  /** @param looked called when what the snapshot has of them is new */
  constructor(
    private readonly config: Pick<AgentConfig, 'physnets'>,
    private readonly snapshot: VppSnapshot,
    private readonly facts: Pick<NodeFacts, 'uplinks'>,
    private readonly looked: () => void,
  ) {}

  /** Whether a physical network of the configuration has none that works. */
  get someMissing(): boolean {
    return this.config.physnets.some(({ name }) => !findUplink(name, this.snapshot, this.facts).value);
  }

  /** Whether they are in layer 2 is read first: one of which that is not known keeps copies of the whole cloud off it. */
  async look(reader: Pick<VppReader, 'readFeatures'>): Promise<void> {
    const { config, snapshot, facts } = this;
    await reader.readFeatures(uplinkIndices(physnetNames(config, snapshot), snapshot, facts));
    this.looked();
  }
}
