import { beforeEach, describe, expect, it, vi } from 'vitest';

const shown: { text: string; actions: readonly string[] }[] = [];
let choose: string | undefined;
const asked = vi.hoisted(() => ({
  message: (_text: string, ..._actions: string[]): Promise<unknown> => Promise.resolve(),
}));
vi.mock('vscode', async () => ({
  ...(await import('./vscode.ts')),
  Position: class {
    readonly line: number;
    readonly character: number;
    constructor(line: number, character: number) {
      this.line = line;
      this.character = character;
    }
  },
  ProgressLocation: { Notification: 15 },
  window: {
    showInformationMessage: (text: string, ...actions: string[]) => asked.message(text, ...actions),
    showErrorMessage: (text: string, ...actions: string[]) => asked.message(text, ...actions),
    withProgress: (_options: unknown, work: () => unknown) => work(),
  },
}));

const { ServiceOffer } = await import('../../client/service.ts');
const { ConfigNotice, placeOf } = await import('../../client/config-notice.ts');

beforeEach(() => {
  shown.length = 0;
  choose = undefined;
  asked.message = async (text, ...actions) => {
    shown.push({ text, actions });
    return choose;
  };
});

function offering(standing: object | null, installs = { code: 0, stderr: 'Installed callgate.service.' }) {
  const kept = new Map<string, unknown>();
  const ran: string[] = [];
  const memory = {
    get: (key: string) => kept.get(key),
    update: async (key: string, value: unknown) => void kept.set(key, value),
    keys: () => [...kept.keys()],
  };
  const callgate = async (args: readonly string[]) => {
    ran.push(args.join(' '));
    return args[1] === 'status'
      ? { code: 4, stdout: standing ? JSON.stringify(standing) : 'no', stderr: '' }
      : { stdout: '', ...installs };
  };
  return { ran, window: () => new ServiceOffer({ memory: memory as never, callgate }) };
}

describe('the offer of a service', () => {
  it('is made once to a window, and again in the next unless the answer was never', async () => {
    const { window, ran } = offering({ installed: false, available: true });
    const first = window();
    choose = 'Not Now';
    await first.offer();
    await first.offer();
    expect(shown.map(({ actions }) => actions)).toEqual([['Install Service', 'Not Now', 'Never']]);
    choose = 'Never';
    await window().offer();
    await window().offer();
    expect(shown).toHaveLength(2);
    expect(ran).toEqual(['service status --json', 'service status --json']);
  });

  it.each([{ installed: true, available: true }, { installed: false, available: false }, null])(
    'is not made where the command line says %j',
    async (standing) => {
      const { window } = offering(standing);
      await window().offer();
      expect(shown).toEqual([]);
    },
  );

  it('installs when it is taken, and tells what came of it', async () => {
    choose = 'Install Service';
    const { window, ran } = offering({ installed: false, available: true });
    await window().offer();
    expect(ran.at(-1)).toBe('service install');
    expect(shown.at(-1)?.text).toBe('Installed callgate.service.');
    const failing = offering({ installed: false, available: true }, { code: 3, stderr: 'No systemd\nhere' });
    await failing.window().install();
    expect(shown.at(-1)?.text).toBe('No systemd here');
  });
});

describe('the notice of config.yaml', () => {
  const path = '/s/config.yaml';

  it('is given once for each problem, and again when it comes back', async () => {
    const notice = new ConfigNotice();
    const broken = { path, problems: ['config.yaml:3:9: server.port is wrong', 'config.yaml:4:1: x'], restart: [] };
    await notice.show(broken);
    await notice.show(broken);
    expect(shown.map(({ text }) => text)).toEqual([
      'Callgate’s config.yaml is not valid, so the settings read before still hold. Line 3: server.port is wrong (1 more)',
    ]);
    await notice.show({ path, problems: [], restart: [] });
    await notice.show(broken);
    expect(shown).toHaveLength(2);
    await notice.show({ path, problems: [], restart: ['server.port'] });
    expect(shown.at(-1)?.text).toContain('server.port takes effect');
    await notice.show({ path, problems: [`${path}: the file is gone`], restart: [] });
    expect(shown.at(-1)?.text).toContain('still hold. /s/config.yaml: the file is gone');
  });

  it('knows the place', () => {
    expect(placeOf('config.yaml:3:9: server.port')).toEqual({ line: 2, character: 8 });
    expect(placeOf('C:\\x\\config.yaml:12:1: y')).toEqual({ line: 11, character: 0 });
    expect(placeOf('/s/config.yaml: the file is gone')).toEqual({ line: 0, character: 0 });
  });
});
