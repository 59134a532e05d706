import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loopbackRequest, readText } from '../../server/daemon/loopback-request.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { FakeProvider, stream } from '../support/fake-provider.ts';
import { providerYaml } from '../support/test-daemon.ts';
import { bundle, Harness } from './support/harness.ts';

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
beforeAll(async () => {
  built = await bundle('test/daemon/support/fake-main.ts');
});
afterAll(() => built.remove());
beforeEach(() => {
  harness = new Harness(built.script);
  mkdirSync(harness.state, { mode: 0o700 });
});
afterEach(() => harness.dispose());

const naming = (slug: string, more = '') => `providers:\n  ${slug}:\n    base_url: https://api.example/v1\n${more}`;
const write = (text: string) => writeFileSync(paths(harness.state).config, text);
async function providersAt(url: string): Promise<string[]> {
  const { providers } = JSON.parse(await readText(await loopbackRequest(`${url}/base`), 10_000));
  return providers;
}
const serving = (url: string) => expect.poll(() => providersAt(url), { timeout: 15_000, interval: 50 });
async function status(): Promise<{ config_error: string | null; config_restart: string[] }> {
  return JSON.parse((await harness.run(['status', '--json'])).stdout);
}

describe('config.yaml while the daemon runs', () => {
  it('is put in place when it is written, replaced, made, or reached through a link that is turned', async () => {
    const { info } = await harness.serve();
    const { config } = paths(harness.state);
    expect(await providersAt(info.url)).toEqual([]);
    write(naming('made'));
    await serving(info.url).toEqual(['made']);
    write(naming('written'));
    await serving(info.url).toEqual(['written']);
    writeFileSync(`${config}.new`, naming('replaced'));
    renameSync(`${config}.new`, config);
    await serving(info.url).toEqual(['replaced']);

    for (const name of ['one', 'two']) writeFileSync(join(harness.folder, `${name}.yaml`), naming(name));
    rmSync(config);
    symlinkSync(join(harness.folder, 'one.yaml'), config);
    await serving(info.url).toEqual(['one']);
    symlinkSync(join(harness.folder, 'two.yaml'), `${config}.new`);
    renameSync(`${config}.new`, config);
    await serving(info.url).toEqual(['two']);
    writeFileSync(join(harness.folder, 'two.yaml'), naming('through-the-link'));
    await serving(info.url).toEqual(['through-the-link']);
    expect((await status()).config_error).toBeNull();
  });

  it('holds for new calls; those under way end at the provider they began with', async () => {
    const provider = await FakeProvider.start();
    const real = await bundle('server/main.ts');
    const daemon = new Harness(real.script);
    try {
      provider.on('long', stream({ chunks: 30, every: 50 }));
      mkdirSync(daemon.state, { mode: 0o700 });
      const file = paths(daemon.state).config;
      writeFileSync(file, `providers:\n${providerYaml('one', provider.baseUrl, ['long'])}`);
      const { info } = await daemon.serve();
      const { key } = JSON.parse(
        (await daemon.run(['keys', 'create', '--name', 'p', '--limit', '5', '--json'])).stdout,
      );
      const call = (model: string) =>
        fetch(`${info.url}/api/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
        });
      const under = await call('one/long');
      expect(under.status).toBe(200);
      writeFileSync(file, `providers:\n${providerYaml('two', provider.baseUrl, ['long'])}`);
      expect(await daemon.run(['reload'])).toMatchObject({ code: 0 });
      expect((await call('one/long')).status).toBeGreaterThanOrEqual(400);
      expect((await call('two/long')).status).toBe(200);
      const text = await under.text();
      expect(text).toContain('"w29 "');
      expect(text).toContain('"provider":"one"');
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    } finally {
      await daemon.dispose();
      await provider.stop();
      real.remove();
    }
  });

  it('changes nothing while it is invalid, and says where and why until it is mended', async () => {
    write(naming('first'));
    const { running, info } = await harness.serve();
    write(naming('second', 'servr: 1\nserver:\n  port: -1\n'));
    const answer = await harness.run(['reload']);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr.trim().split('\n')).toEqual([
      'config.yaml:4:1: unknown key "servr". Did you mean "server"?',
      expect.stringMatching(/^config\.yaml:6:9: server\.port /),
      'The settings read before still hold.',
    ]);
    expect(await providersAt(info.url)).toEqual(['first']);
    expect((await status()).config_error).toMatch(/^config\.yaml:4:1: unknown key "servr".*\nconfig\.yaml:6:9: /s);

    write(naming('second'));
    expect(await harness.run(['reload', '--json'])).toMatchObject({ code: 0, stdout: expect.stringContaining('[]') });
    expect(await providersAt(info.url)).toEqual(['second']);
    expect((await status()).config_error).toBeNull();
    expect(running.child.exitCode).toBeNull();
  });

  it('holds on when the file goes away, and when it comes back as it was', async () => {
    write(naming('here'));
    const { info } = await harness.serve();
    const { config } = paths(harness.state);
    renameSync(config, `${config}.away`);
    expect((await harness.run(['reload'])).stderr).toContain('the file is gone');
    expect((await harness.run(['reload'])).stderr).toContain('the file is gone');
    expect(await providersAt(info.url)).toEqual(['here']);
    renameSync(`${config}.away`, config);
    await expect.poll(async () => (await status()).config_error, { timeout: 15_000 }).toBeNull();
    expect(await providersAt(info.url)).toEqual(['here']);
    write('');
    await serving(info.url).toEqual([]);
  });

  it('says what waits for a restart, and no longer when it is taken back', async () => {
    const { info } = await harness.serve();
    write(`server:\n  port: 4999\n  host: gate.example\n  allowed_hosts: [gate.example]\n${naming('now')}`);
    const { stderr } = await harness.run(['reload']);
    expect(stderr).toContain('At the next start only: server.host, server.port.');
    expect(await providersAt(info.url)).toEqual(['now']);
    expect((await status()).config_restart).toEqual(['server.host', 'server.port']);
    write(naming('now'));
    await harness.run(['reload']);
    expect((await status()).config_restart).toEqual([]);
  });

  it('is read again at SIGHUP, which ends nothing', async () => {
    write(naming('before'));
    const { running, info } = await harness.serve();
    const slow = await loopbackRequest(`${info.url}/slow`);
    write(naming('after'));
    running.child.kill('SIGHUP');
    await serving(info.url).toEqual(['after']);
    expect(slow.destroyed).toBe(false);
    slow.destroy();
    expect(running.child.exitCode).toBeNull();
  });

  it('does not take away the names that other machines call it by', async () => {
    write('server:\n  allowed_hosts: [gate.example]\n');
    await harness.serve(['--host', '0.0.0.0']);
    write('server:\n  allowed_hosts: []\n');
    const { code, stderr } = await harness.run(['reload']);
    expect(code).toBe(2);
    expect(stderr).toContain('server.allowed_hosts is empty');
  });

  it.each(['%', '\u0000', '- a', 'providers: 7', 'a: &b 1', '{', '\ufffe', 'server: {port: 1e99}'])(
    'survives %j',
    async (text) => {
      write(naming('kept'));
      const { info } = await harness.serve();
      write(text);
      expect((await harness.run(['reload'])).code).toBe(2);
      expect(await providersAt(info.url)).toEqual(['kept']);
    },
  );
});
