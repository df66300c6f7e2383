import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '@taas/service';
import { badRequest, NeutronError, requestTooSlow } from '../errors/neutron-error.js';

/** Answers what is no HTTP request, or has too large headers, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, id: string, logger: Logger): void {
  logger.info({ request_id: id, code: error.code }, 'a request could not be read');
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, body } = neutronError(error.code);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Openstack-Request-Id: ${id}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}

function neutronError(code: string | undefined): NeutronError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new NeutronError(431, 'HTTPRequestHeaderFieldsTooLarge', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestTooSlow();
  return badRequest('This is not an HTTP request.');
}
