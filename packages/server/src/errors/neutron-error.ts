/** An answer that is not a success, in the words that Neutron's clients know. */
export class NeutronError extends Error {
  override readonly name = 'NeutronError';

  constructor(
    readonly status: number,
    /** Neutron's exception class, which clients look at. */
    readonly type: string,
    message: string,
    options?: ErrorOptions & { readonly retryAfterMs?: number | null },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }

  /** When the client may try again, in ms; null if nothing is known of that. */
  readonly retryAfterMs: number | null;

  get body(): { readonly NeutronError: { type: string; message: string; detail: string } } {
    return { NeutronError: { type: this.type, message: this.message, detail: '' } };
  }
}

/** The kinds of resources in Neutron's words. */
export interface ResourceWords {
  readonly resource: 'tap_service' | 'tap_flow' | 'tap_mirror';
  readonly notFound: string;
  /** How a 404 begins; the spaces are Neutron's own. */
  readonly title: string;
}

export const words = {
  tap_services: { resource: 'tap_service', notFound: 'TapServiceNotFound', title: 'Tap Service ' },
  tap_flows: { resource: 'tap_flow', notFound: 'TapFlowNotFound', title: 'Tap Flow ' },
  tap_mirrors: { resource: 'tap_mirror', notFound: 'TapMirrorNotFound', title: 'Tap Mirror' },
} as const satisfies Record<string, ResourceWords>;

export const badRequest = (message: string, options?: ErrorOptions) =>
  new NeutronError(400, 'HTTPBadRequest', message, options);

export const tapNotFound = (kind: keyof typeof words, id: string) =>
  new NeutronError(404, words[kind].notFound, `${words[kind].title} ${id} does not exist`);

/** Whoever has given the id asks again: the tap may be what was to be made. */
export const tapExists = (kind: keyof typeof words, id: string) =>
  new NeutronError(409, 'TapIdInUse', `${words[kind].title} ${id} exists already`);

export const portNotFound = (port: string) => new NeutronError(404, 'PortNotFound', `Port ${port} could not be found.`);

export const portNotOwned = () =>
  new NeutronError(403, 'PortDoesNotBelongToTenant', 'The specified port does not belong to the tenant');

export const serviceNotOwned = () =>
  new NeutronError(403, 'TapServiceNotBelongToTenant', 'Specified Tap Service does not belong to the tenant');

export const forbidden = (action: string) =>
  new NeutronError(403, 'PolicyNotAuthorized', `rule:${action} is disallowed by policy`);

export const malformedBody = (options?: ErrorOptions) =>
  new NeutronError(400, 'MalformedRequestBody', 'Malformed request body: Cannot understand JSON.', options);

export const pathNotFound = () => new NeutronError(404, 'HTTPNotFound', 'The resource could not be found.');

export const methodNotAllowed = (method: string) =>
  new NeutronError(405, 'HTTPMethodNotAllowed', `The method ${method} is not allowed for this resource.`);

export const requestTooSlow = (options?: ErrorOptions) =>
  new NeutronError(408, 'HTTPRequestTimeout', 'The request did not arrive in time.', options);

export const tooLarge = (message: string, options?: ErrorOptions) =>
  new NeutronError(413, 'HTTPRequestEntityTooLarge', message, options);

export const overQuota = (resource: ResourceWords['resource']) =>
  new NeutronError(409, 'OverQuota', `Quota exceeded for resources: ['${resource}'].`);

export const tunnelConflict = (id: number) =>
  new NeutronError(409, 'TapMirrorTunnelConflict', `Tap Mirror with tunnel_id ${id} already exists`);

export const tooManyRequests = (retryAfterMs: number) =>
  new NeutronError(429, 'HTTPTooManyRequests', 'The project has sent too many requests: try again later.', {
    retryAfterMs,
  });

export const tooManyWrites = (retryAfterMs: number) =>
  new NeutronError(429, 'HTTPTooManyRequests', 'The project has written too much: try again later.', {
    retryAfterMs,
  });

/** Before etcd's own limit, so that networking-vpp and the agents can still write. */
export const storeNearlyFull = () =>
  unavailable('etcd is nearly full: nothing can be created or changed until the operator makes room.', {
    retryAfterMs: 60_000,
  });

export const unavailable = (message: string, options?: ErrorOptions & { readonly retryAfterMs?: number | null }) =>
  new NeutronError(503, 'ServiceUnavailable', message, options);

export const internal = (options?: ErrorOptions) =>
  new NeutronError(
    500,
    'HTTPInternalServerError',
    'Request Failed: internal server error while processing your request.',
    options,
  );

// The following have no peer in Neutron, which takes these requests and lets copies run in circles.

export const sourceIsOwnPort = (port: string, service: string) =>
  new NeutronError(
    409,
    'TapSourceIsServicePort',
    `Port ${port} cannot be the source of a tap flow to tap service ${service}: it is the port of that very tap service.`,
  );

export const sourceIsCollector = (port: string, used: string) =>
  new NeutronError(
    409,
    'TapSourceIsCollector',
    `Port ${port} cannot be the source of a tap flow or mirror: it receives copies as the port of ${used}, and copies of copies ` +
      'could run in circles.',
  );

export const collectorIsSource = (port: string, used: string) =>
  new NeutronError(
    409,
    'TapServicePortIsSource',
    `Port ${port} cannot be the port of a tap service: it is the source of ${used}, and copies of copies could run in ` +
      'circles.',
  );

export const serviceBeingDeleted = (service: string) =>
  new NeutronError(
    409,
    'TapServiceBeingDeleted',
    `Tap Service ${service} is being deleted and takes no new tap flows.`,
  );

// Consent to taps is ours.

export const approvedAlone = (id: string) =>
  new NeutronError(409, 'TapConsentBySame', `Tap ${id} needs the consent of somebody else than who has asked for it.`);

export const consentToOther = (id: string) =>
  new NeutronError(
    409,
    'TapConsentToOther',
    `Tap ${id} is not what consent_to stands for: it has changed since it was looked at.`,
  );

export const askedByMany = (id: string) =>
  new NeutronError(
    409,
    'TapConsentAskedByMany',
    `Tap ${id} has been changed by too many users since somebody agreed to it.`,
  );

export const prolongedAlone = (id: string) =>
  new NeutronError(
    409,
    'TapConsentExceeded',
    `Tap ${id} would be there longer than was agreed to: somebody else than who has asked for it, and who may agree to it, can set ` +
      'expires_at.',
  );

// Captures are ours.

export const captureNotFound = (id: string) =>
  new NeutronError(404, 'TapCaptureNotFound', `Capture ${id} does not exist`);

export const captureElsewhere = (id: string, server: string) =>
  new NeutronError(
    409,
    'TapCaptureElsewhere',
    `Capture ${id} is received by server ${server}: ask that one, or have the load balancer send a client to one server.`,
  );

export const captureHasReader = (id: string) =>
  new NeutronError(409, 'TapCaptureHasReader', `Capture ${id} is read by somebody already: begin another one.`);

export const captureHasWatchers = (id: string) =>
  new NeutronError(409, 'TapCaptureHasWatchers', `Capture ${id} is looked at by too many already: try again later.`);

export const tooManyCaptures = (whose: string, most: number) =>
  new NeutronError(
    409,
    'TapCaptureLimit',
    `${whose} has ${most} captures, and no more can run at a time: end one, or wait for its end.`,
  );

// Receipts are ours.

export const noReceipts = () =>
  new NeutronError(
    409,
    'TapReceiptsNotOffered',
    'Receipts are not sent here: the operator has given no address that they could come from (receipts.address).',
  );

export const tooManyReceipts = (whose: string, most: number) =>
  new NeutronError(
    409,
    'TapReceiptsLimit',
    `${whose} has ${most} tap services with receipts at most: take them off one that does not need them.`,
  );

export const tooContended = () =>
  new NeutronError(409, 'Conflict', 'The resource was changed by others at the same time, again and again: try again.');

/** A record that somebody else wrote and nobody can read: only the operator is told. */
export function unreadable(
  kind: keyof typeof words,
  id: string,
  caller: { readonly isAdmin: boolean },
  cause: Error,
): NeutronError {
  return caller.isAdmin
    ? new NeutronError(500, 'TapRecordUnreadable', cause.message, { cause })
    : tapNotFound(kind, id);
}
