import type { FieldValues } from 'vpp-api';
import { ReleaseApi } from '../api/definitions.js';
import { newestInput, newestOutput, type Release } from '../api/releases.js';
import { FeatureOrder } from '../engine/feature-order.js';

/** How a release speaks: its messages, and its bitmaps and names of L2 features. */
export class SpokenApi {
  readonly name: string;
  readonly definitions: ReleaseApi;
  readonly input: FeatureOrder;
  readonly output: FeatureOrder;
  readonly printsFeatures: boolean;
  readonly keptHit: number;
  readonly listsMatches: boolean;
  readonly forgetsClients: boolean;

  constructor(release: Release) {
    this.name = release.name;
    this.definitions = new ReleaseApi(release);
    this.input = new FeatureOrder(newestInput, release.inputFeatures);
    this.output = new FeatureOrder(newestOutput, release.outputFeatures);
    this.printsFeatures = release.printsFeatures;
    this.keptHit = release.keptHit;
    this.listsMatches = release.listsMatches;
    this.forgetsClients = release.forgetsClients;
  }

  /** Bytes that are missing at the end of a message of details, as old releases send it. */
  missing(dump: string, { match }: FieldValues): number {
    return dump === 'classify_session_dump' && !this.listsMatches && match instanceof Uint8Array ? match.length : 0;
  }
}
