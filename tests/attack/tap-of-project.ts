import type { Cloud } from '@taas/lab';

/** A tap service with one flow. */
export interface TapOfProject {
  readonly project: string;
  readonly service: string;
  readonly flow: string;
}

export async function tapOf(
  cloud: Cloud,
  project: string,
  { source, collector }: { readonly source: string; readonly collector: string },
): Promise<TapOfProject> {
  const client = cloud.client(project);
  const service = await client.createTapService('s', collector);
  const flow = await client.createTapFlow({
    ...{ name: 'f', tapServiceId: service.id, sourcePort: source, direction: 'BOTH' },
  });
  return { project, service: service.id, flow: flow.id };
}

/** @throws Error when the flow is not shown */
export async function statusOf(
  cloud: Cloud,
  { project, flow }: Pick<TapOfProject, 'project' | 'flow'>,
): Promise<string> {
  const { status, text } = await cloud.ask('GET', `tap_flows/${flow}`, { project });
  if (status !== 200) throw new Error(`GET of flow ${flow}: ${status} ${text}`);
  return (JSON.parse(text) as { tap_flow: { status: string } }).tap_flow.status;
}
