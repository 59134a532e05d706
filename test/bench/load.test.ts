import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Children } from './children.mts';
import { loadDriver } from './load.mts';
import { EARLIER, MARK, PROMPT, QUESTION } from './prompts.mts';

const bodies: string[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    bodies.push(body);
    response.end('{}');
  });
});
const children = new Children();
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await children.end();
  server.close();
});

const body = JSON.stringify({ content: PROMPT });
function checkDifferent(): void {
  const whole = bodies.filter((text) => text.length === body.length);
  expect(whole.length).toBeGreaterThan(4);
  expect(new Set(whole).size).toBe(whole.length);
  expect(whole.every((text) => !text.includes(MARK))).toBe(true);
}

it('makes every call of every run another text where the mark stands', async () => {
  const driver = loadDriver(children);
  for (let run = 0; run < 2; run += 1) await driver.run({ url, key: 'k', body }, 2, 1);
  checkDifferent();
});

it('does so without wrk too', async () => {
  bodies.length = 0;
  for (const first of ['0', '1000000']) {
    const command = [process.execPath, join(import.meta.dirname, 'load-generator.mts'), url, '2', '0.3'];
    await children.start(command, { place: 'load', env: { BODY: body, MARK, FIRST: first } }).output();
  }
  checkDifferent();
});

it('asks with texts of the length that is promised about', () => {
  expect(PROMPT.length).toBeGreaterThanOrEqual(2_000);
  expect(PROMPT.length).toBeLessThanOrEqual(2_200);
  expect(QUESTION.length).toBeLessThan(200);
  expect(EARLIER).toHaveLength(20);
  for (const { content } of EARLIER) {
    expect(content.length).toBeGreaterThanOrEqual(500);
    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(content).not.toContain(MARK);
  }
});
