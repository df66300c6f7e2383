/** Why the gateway answers itself, in the form that Neutron's clients know. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    readonly status: 400 | 413 | 502 | 503 | 504,
    /** The exception class that clients look at. */
    readonly type: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Neutron's envelope. */
  get body(): object {
    return { NeutronError: { type: this.type, message: this.message, detail: '' } };
  }
}

/** Nothing was sent to Neutron. */
export const neutronUnreachable = (options?: ErrorOptions) =>
  new GatewayError(503, 'ServiceUnavailable', 'The networking service cannot be reached: try again later.', options);

export const gatewayBusy = () =>
  new GatewayError(503, 'ServiceUnavailable', 'Too many requests to the networking service wait: try again later.');

export const bodyRoomFull = () =>
  new GatewayError(503, 'ServiceUnavailable', 'Too many request bodies arrive at the same time: try again later.');

/** It was let in, and is no request to a server. Nothing was sent to Neutron. */
export const cannotBeSent = (options?: ErrorOptions) =>
  new GatewayError(400, 'HTTPBadRequest', 'The request cannot be passed on: its target is no path.', options);

/** Neutron has the request, or part of it. */
export const connectionLost = (options?: ErrorOptions) =>
  new GatewayError(
    502,
    'HTTPBadGateway',
    'The connection to the networking service was lost before it answered; whether the request was carried out is not known.',
    options,
  );

export const answerTooLate = () =>
  new GatewayError(
    504,
    'HTTPGatewayTimeout',
    'The networking service did not answer in time; whether the request was carried out is not known.',
  );

export const bodyTooSlow = () => new GatewayError(400, 'HTTPBadRequest', 'The request body did not arrive in time.');

export const bodyTooLarge = (bytes: number) =>
  new GatewayError(413, 'HTTPRequestEntityTooLarge', `The request body is larger than ${bytes} bytes.`);

export const chunkedBodyTooLarge = (bytes: number) =>
  new GatewayError(
    413,
    'HTTPRequestEntityTooLarge',
    `The request body is larger than ${bytes} bytes; a larger one must be sent with a Content-Length.`,
  );

export const strangersBodyTooLarge = (bytes: number) =>
  new GatewayError(
    413,
    'HTTPRequestEntityTooLarge',
    `The request body is larger than ${bytes} bytes; a larger one needs a token that was used here before.`,
  );
