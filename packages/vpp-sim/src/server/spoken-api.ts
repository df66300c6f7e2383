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

  constructor(release: Release) {
    this.name = release.name;
    this.definitions = new ReleaseApi(release);
    this.input = new FeatureOrder(newestInput, release.inputFeatures);
    this.output = new FeatureOrder(newestOutput, release.outputFeatures);
    this.printsFeatures = release.printsFeatures;
  }
}
