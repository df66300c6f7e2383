import type { Socket } from 'node:net';
import type { Logger } from '@taas/service';

/** Answers what is no HTTP request, or has too large headers, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, id: string, logger: Logger): void {
  logger.info({ request_id: id, code: error.code }, 'a request could not be read');
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, type, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([
          '431 Request Header Fields Too Large',
          'HTTPRequestHeaderFieldsTooLarge',
          'The headers are too large.',
        ] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['408 Request Timeout', 'HTTPRequestTimeout', 'The request did not arrive in time.'] as const)
        : (['400 Bad Request', 'HTTPBadRequest', 'This is not an HTTP request.'] as const);
  const body = JSON.stringify({ NeutronError: { type, message, detail: '' } });
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Openstack-Request-Id: ${id}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
