export { exitCodes, type Outcome } from './exit-codes.js';
export type { Files, Host, Terminal } from './host/host.js';
export { type HttpAnswer, type HttpRequest, type Send, UnreachableError } from './host/http.js';
export { sendHttp } from './host/send-http.js';
export { main } from './main.js';
export { createProgram } from './program.js';
