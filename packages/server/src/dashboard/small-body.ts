import type { IncomingMessage } from 'node:http';
import { badLogin, DashboardError } from './dashboard-error.js';

/** Far more than a log-in has. */
export const mostBytes = 16 * 1024;

/**
 * The body of a request, as long as it is small. That it comes in time is the HTTP server's business.
 * @throws DashboardError 400 for more than {@link mostBytes}, or one that breaks off
 */
export async function smallBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of request) {
      const bytes = Buffer.from(piece);
      length += bytes.length;
      if (length > mostBytes) throw badLogin(`The request has more than ${mostBytes} bytes.`);
      pieces.push(bytes);
    }
  } catch (cause) {
    if (cause instanceof DashboardError) throw cause;
    throw new DashboardError(400, 'bad_request', 'The request breaks off.', null, { cause });
  }
  return Buffer.concat(pieces);
}
