import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type FakeKeystone,
  json,
  keystoneParts,
  manualClock,
  startFakeKeystone,
  tokenBody,
} from '../fake-keystone.suite.js';
import { KeystoneUnavailableError } from '../keystone-error.js';
import { createLogins, LoginRefusedError } from './logins.js';

const never = new AbortController().signal;
const clock = manualClock();
let fake: FakeKeystone;
/** What it was asked, and what it answers. */
const asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
let answer: { status: number; body: unknown; headers?: Record<string, string> };

beforeEach(async () => {
  asked.length = 0;
  fake = await startFakeKeystone(clock);
  fake.state.override = (request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body });
      json(response, answer.status, answer.body, answer.headers);
    });
  };
});
afterEach(() => fake.close());

const logins = () => createLogins(keystoneParts(fake.url, clock).keystone);
const person = {
  kind: 'password',
  userName: 'alice',
  userDomainName: 'Default',
  password: 'p',
  passcode: null,
} as const;
const refused = async (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

test('a password is for no project yet; with a passcode both prove who it is', async () => {
  answer = {
    status: 201,
    body: { token: tokenBody({ project: undefined }) },
    headers: { 'x-subject-token': 'unscoped' },
  };
  expect(await logins().logIn(person, never)).toMatchObject({
    token: 'unscoped',
    info: { userName: 'alice', projectId: null },
  });
  await logins().logIn({ ...person, passcode: '123456' }, never);
  const [first, second] = asked.map(({ body }) => JSON.parse(body).auth);
  expect(first).toEqual({
    identity: {
      methods: ['password'],
      password: { user: { name: 'alice', domain: { name: 'Default' }, password: 'p' } },
    },
    scope: 'unscoped',
  });
  expect(second.identity).toMatchObject({
    methods: ['password', 'totp'],
    totp: { user: { name: 'alice', domain: { name: 'Default' }, passcode: '123456' } },
  });
});

test('an application credential has its project; a token is scoped for another by itself', async () => {
  answer = { status: 201, body: { token: tokenBody() }, headers: { 'x-subject-token': 't' } };
  await logins().logIn({ kind: 'applicationCredential', id: 'c', secret: 's' }, never);
  await logins().scope('unscoped', 'project-1', never);
  expect(asked.map(({ body }) => JSON.parse(body).auth)).toEqual([
    { identity: { methods: ['application_credential'], application_credential: { id: 'c', secret: 's' } } },
    { identity: { methods: ['token'], token: { id: 'unscoped' } }, scope: { project: { id: 'project-1' } } },
  ]);
});

test.each([400, 401, 403])('a %i is a refusal, which holds nothing of what was given', async (status) => {
  answer = { status, body: { error: { message: 'p is wrong' } } };
  const error = await refused(logins().logIn({ ...person, password: 'hunter2' }, never));
  expect(error).toBeInstanceOf(LoginRefusedError);
  expect(error).toMatchObject({ needsPasscode: false });
  expect(String(error)).not.toMatch(/hunter2|p is wrong/);
});

test('a receipt says that a second factor is wanted', async () => {
  answer = { status: 401, body: {}, headers: { 'openstack-auth-receipt': 'r' } };
  expect(await refused(logins().logIn(person, never))).toMatchObject({ needsPasscode: true });
});

test.each([
  [{ status: 500, body: {} }],
  [{ status: 503, body: {} }],
  [{ status: 201, body: { token: tokenBody() } }],
  [{ status: 201, body: { token: tokenBody() }, headers: { 'x-subject-token': 'two words' } }],
  [{ status: 201, body: { token: {} }, headers: { 'x-subject-token': 't' } }],
])('what is no answer to a log-in is no refusal: %o', async (given) => {
  answer = given;
  expect(await refused(logins().logIn(person, never))).toBeInstanceOf(KeystoneUnavailableError);
});

test('projects are the enabled ones, by name; what is none is left out', async () => {
  const project = (id: string, name: string, more: object = {}) => ({
    id,
    name,
    domain_id: 'd',
    enabled: true,
    ...more,
  });
  const projects = [
    project('2', 'b'),
    project('3', 'a'),
    project('1', 'b'),
    project('4', 'c', { enabled: false }),
    null,
    { id: '' },
  ];
  answer = { status: 200, body: { projects } };
  expect((await logins().projects('t', never)).map(({ id }) => id)).toEqual(['3', '1', '2']);
  expect(asked[0]).toMatchObject({ url: '/v3/auth/projects', headers: { 'x-auth-token': 't' } });
  answer = { status: 200, body: { projects: 'none' } };
  expect(await refused(logins().projects('t', never))).toBeInstanceOf(KeystoneUnavailableError);
});

test('a token is revoked in its own name; one that is not known is as good as revoked', async () => {
  for (const status of [204, 401, 404]) {
    answer = { status, body: {} };
    await logins().revoke('t', never);
  }
  expect(asked[0]).toMatchObject({ method: 'DELETE', headers: { 'x-auth-token': 't', 'x-subject-token': 't' } });
  answer = { status: 500, body: {} };
  expect(await refused(logins().revoke('t', never))).toBeInstanceOf(KeystoneUnavailableError);
});
