import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchdPlist } from '../../server/daemon/service/launchd.ts';
import { launcherPath, launcherText, writeLauncher } from '../../server/daemon/service/launcher.ts';
import type { RunTool } from '../../server/daemon/service/run-tool.ts';
import { installService, serviceStanding, uninstallService } from '../../server/daemon/service/service.ts';
import { type Machine, serviceManager } from '../../server/daemon/service/service-manager.ts';
import { systemdUnit } from '../../server/daemon/service/systemd.ts';
import { taskXml } from '../../server/daemon/service/task-scheduler.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { findDaemon } from '../../server/ensure-daemon.ts';
import { bundle, Harness } from './support/harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-service-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('what is installed', () => {
  it('is a unit for systemd', () => {
    expect(systemdUnit({ launcher: '/home/ann/.local/state/callgate/launcher/callgate' })).toMatchInlineSnapshot(`
      "# Written by callgate; \`callgate service uninstall\` removes it.
      [Unit]
      Description=Callgate: the local gate to the model providers

      [Service]
      Type=exec
      ExecStart=/bin/sh "/home/ann/.local/state/callgate/launcher/callgate"
      Restart=on-failure
      RestartSec=2
      # Wrong configuration, and a machine that stands in the way, are not cured by starting again.
      RestartPreventExitStatus=2 3
      # A drain takes up to 30 s.
      TimeoutStopSec=45
      UMask=0077

      [Install]
      WantedBy=default.target
      "
    `);
  });

  it('is an agent for launchd', () => {
    const label = 'dev.callgate.daemon';
    const state = '/Users/ann/Library/Application Support/Callgate';
    expect(
      launchdPlist({ label, launcher: `${state}/launcher/callgate`, log: `${state}/logs/service.log` }),
    ).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
      <plist version="1.0">
      <dict>
        <key>Label</key>
        <string>dev.callgate.daemon</string>
        <key>ProgramArguments</key>
        <array>
          <string>/bin/sh</string>
          <string>/Users/ann/Library/Application Support/Callgate/launcher/callgate</string>
        </array>
        <key>RunAtLoad</key>
        <true/>
        <key>KeepAlive</key>
        <dict>
          <key>SuccessfulExit</key>
          <false/>
        </dict>
        <key>ExitTimeOut</key>
        <integer>45</integer>
        <key>Umask</key>
        <integer>63</integer>
        <key>StandardErrorPath</key>
        <string>/Users/ann/Library/Application Support/Callgate/logs/service.log</string>
      </dict>
      </plist>
      "
    `);
  });

  it('is a task for Windows', () => {
    const text = taskXml({
      user: 'DESK\\Ann',
      folder: 'C:\\Users\\Ann\\AppData\\Local\\Callgate\\launcher',
      file: 'callgate.cmd',
    });
    expect(text.split('\r\n').length).toBe(text.split('\n').length);
    expect(text.replaceAll('\r\n', '\n')).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-16"?>
      <Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
        <RegistrationInfo>
          <Description>Callgate: the local gate to the model providers</Description>
        </RegistrationInfo>
        <Triggers>
          <LogonTrigger>
            <Enabled>true</Enabled>
            <UserId>DESK\\Ann</UserId>
          </LogonTrigger>
        </Triggers>
        <Principals>
          <Principal id="Author">
            <UserId>DESK\\Ann</UserId>
            <LogonType>InteractiveToken</LogonType>
            <RunLevel>LeastPrivilege</RunLevel>
          </Principal>
        </Principals>
        <Settings>
          <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
          <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
          <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
          <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
          <Hidden>true</Hidden>
          <RestartOnFailure>
            <Interval>PT1M</Interval>
            <Count>10</Count>
          </RestartOnFailure>
        </Settings>
        <Actions Context="Author">
          <Exec>
            <Command>conhost.exe</Command>
            <Arguments>--headless cmd.exe /d /c callgate.cmd</Arguments>
            <WorkingDirectory>C:\\Users\\Ann\\AppData\\Local\\Callgate\\launcher</WorkingDirectory>
          </Exec>
        </Actions>
      </Task>
      "
    `);
  });

  it('is a launcher that finds the version and the Node of the day', () => {
    const target = { state: '/s', command: '/usr/bin/node', isElectron: false, bundle: '/s/bin/1.0.0-ab/daemon.js' };
    expect(launcherText(target, 'linux')).toMatchInlineSnapshot(`
      "#!/bin/sh
      # Written by callgate; \`callgate service uninstall\` removes it.
      state='/s'
      bundle='/s/bin/1.0.0-ab/daemon.js'
      # An update may have put another version in its place, or another Node.
      [ -f "$bundle" ] || bundle=$(ls -t "$state"/bin/*/daemon.js 2>/dev/null | head -n 1)
      for node in '/usr/bin/node' "$(command -v node)"; do
        [ -x "$node" ] && exec "$node" "$bundle" serve --state "$state" --standby
      done
      echo 'callgate: no Node was found; run "callgate service install" again' >&2
      exit 3
      "
    `);
    expect(launcherText({ ...target, isElectron: true }, 'darwin')).toContain('\nexport ELECTRON_RUN_AS_NODE=1\n');
    expect(launcherText({ ...target, isElectron: true, state: 'C:\\100%' }, 'win32')).toMatchInlineSnapshot(`
      "@echo off
      rem Written by callgate; "callgate service uninstall" removes it.
      chcp 65001 >nul
      setlocal DisableDelayedExpansion
      set ELECTRON_RUN_AS_NODE=1
      set node="/usr/bin/node"
      if not exist %node% set node=node
      set bundle="/s/bin/1.0.0-ab/daemon.js"
      if not exist %bundle% for /f "delims=" %%f in ('dir /b /ad /od "C:\\100%%/bin"') do set bundle="C:\\100%%/bin\\%%f\\daemon.js"
      %node% %bundle% serve --state "C:\\100%%" --standby
      exit /b %errorlevel%
      "
    `);
  });

  it('names no path with a meaning of its own to systemd or XML', () => {
    expect(systemdUnit({ launcher: '/h/a "b" $HOME %h \\x/callgate' })).toContain(
      'ExecStart=/bin/sh "/h/a \\"b\\" $$HOME %%h \\\\x/callgate"\n',
    );
    const odd = '/h/<&">/x';
    expect(launchdPlist({ label: 'l', launcher: odd, log: odd })).not.toContain(odd);
    expect(launchdPlist({ label: 'l', launcher: odd, log: odd })).toContain(
      '<string>/h/&lt;&amp;&quot;&gt;/x</string>',
    );
    expect(taskXml({ user: 'A&B\\x', folder: 'C:\\R&D', file: 'c.cmd' })).toContain('<UserId>A&amp;B\\x</UserId>');
  });

  it('belongs to one state folder, and leaves others’ alone', () => {
    const machine = machineOf('linux');
    const usual = serviceManager(join(folder, '.local', 'state', 'callgate'), machine);
    const [one, two] = ['/a', '/b'].map((state) => serviceManager(state, machine));
    expect(usual.name).toBe('callgate.service');
    expect(one?.name).toMatch(/^callgate-[0-9a-f]{8}\.service$/);
    expect(one?.name).not.toBe(two?.name);
  });
});

describe('the launcher', () => {
  /** A stand-in for Node that says what it was given. */
  function echo(name: string): string {
    const path = join(folder, name);
    writeFileSync(path, '#!/bin/sh\nprintf "%s|" "$@" "$ELECTRON_RUN_AS_NODE"\n', { mode: 0o755 });
    return path;
  }

  it('passes any path through the shell as it is', () => {
    const node = echo('node');
    const odd = fc.string({
      unit: fc.constantFrom("'", '"', '$', '`', '\\', ' ', '*', ';', '&', '(', '-', '%', 'é', '!', 'a'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(odd, (name) => {
        const state = join(folder, `s${name}`);
        mkdirSync(state, { recursive: true });
        const bundlePath = join(state, 'daemon.js');
        writeFileSync(bundlePath, '');
        const launcher = writeLauncher({ state, command: node, isElectron: true, bundle: bundlePath });
        const said = execFileSync('/bin/sh', [launcher], { encoding: 'utf8' });
        expect(said).toBe(`${bundlePath}|serve|--state|${state}|--standby|1|`);
      }),
      { numRuns: 40 },
    );
  });

  it('takes what is there when its version or its Node has gone, and says so when nothing is', () => {
    const state = join(folder, 'state');
    const installed = join(state, 'bin', '2.0.0', 'daemon.js');
    mkdirSync(join(state, 'bin', '2.0.0'), { recursive: true });
    writeFileSync(installed, '');
    const gone = join(state, 'bin', '1.0.0', 'daemon.js');
    const launcher = writeLauncher({ state, command: join(folder, 'gone'), isElectron: false, bundle: gone });
    expect(statSync(launcher).mode & 0o777).toBe(0o700);
    echo('node');
    const run = (path: string) =>
      execFileSync('/bin/sh', [launcher], { encoding: 'utf8', env: { PATH: path }, stdio: 'pipe' });
    expect(run(`${folder}:/usr/bin:/bin`)).toContain(`${installed}|serve`);
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    for (const tool of ['ls', 'head'])
      cpSync(execFileSync('/bin/sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(tools, tool));
    expect(() => run(tools)).toThrow(/service install/);
  });
});

const machineOf = (platform: NodeJS.Platform): Machine => ({
  platform,
  env: { XDG_STATE_HOME: join(folder, '.local', 'state') },
  home: folder,
  user: 'DESK\\ann',
  uid: 501,
});

/** A service manager's tools, that note what they were asked and fail at what they are told to. */
function tools(fails: (line: string) => boolean = () => false) {
  const asked: string[] = [];
  const run: RunTool = async (command, args) => {
    const line = [command, ...args].join(' ');
    asked.push(line);
    return fails(line)
      ? { code: 1, stdout: '', message: 'Failed to connect to bus' }
      : { code: 0, stdout: 'state = running', message: '' };
  };
  return { asked, run };
}

describe.each(['linux', 'darwin', 'win32'] as const)('on %s', (platform) => {
  const setUp = () => {
    const state = join(folder, 'state');
    mkdirSync(state);
    const manager = serviceManager(state, machineOf(platform));
    const target = { state, command: '/usr/bin/node', isElectron: false, bundle: join(state, 'bin', '1', 'daemon.js') };
    return { state, manager, target };
  };

  it('is installed, again to the same end, and taken away without a trace', async () => {
    const { state, manager, target } = setUp();
    const { asked, run } = tools();
    const standing = await installService(manager, target, run);
    expect(standing).toMatchObject({ installed: true, running: true, name: manager.name });
    const first = readFileSync(manager.file);
    const steps = asked.splice(0);
    expect(await installService(manager, target, run)).toEqual(standing);
    expect(asked.splice(0)).toEqual(steps);
    expect(readFileSync(manager.file)).toEqual(first);
    expect(existsSync(launcherPath(state))).toBe(true);

    expect(await uninstallService(manager, state, run)).toBe(true);
    expect(asked.join('\n')).toContain(manager.name);
    expect(existsSync(manager.file)).toBe(false);
    expect(existsSync(join(state, 'launcher'))).toBe(false);
    asked.length = 0;
    expect(await uninstallService(manager, state, run)).toBe(false);
    expect(asked).toEqual([]);
    expect(await serviceStanding(manager, run)).toMatchObject({ installed: false, running: false });
  });

  it('writes nothing where there is no such manager, and says what to do instead', async () => {
    const { state, manager, target } = setUp();
    const { run } = tools(() => true);
    await expect(installService(manager, target, run)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/callgate serve.*\(Failed to connect to bus\)/),
      remedy: expect.stringContaining('--print'),
    });
    expect(existsSync(manager.file)).toBe(false);
    expect(existsSync(launcherPath(state))).toBe(false);
  });

  it('tells which step its manager refused', async () => {
    const { manager, target } = setUp();
    const { run } = tools((line) => /enable|bootstrap|Create/.test(line));
    await expect(installService(manager, target, run)).rejects.toThrow(
      /`.*(enable|bootstrap|Create).*` failed: Failed/,
    );
  });
});

it('a task’s file is what the Task Scheduler reads: UTF-16 with its mark', async () => {
  const state = join(folder, 'state');
  mkdirSync(state);
  const manager = serviceManager(state, machineOf('win32'));
  await installService(manager, { state, command: 'node', isElectron: false, bundle: 'b' }, tools().run);
  expect([...readFileSync(manager.file).subarray(0, 4)]).toEqual([0xff, 0xfe, 0x3c, 0x00]);
});

describe('the process', () => {
  let built: Awaited<ReturnType<typeof bundle>>;
  let harness: Harness;
  beforeAll(async () => {
    built = await bundle('test/daemon/support/fake-main.ts');
  });
  afterAll(() => built.remove());
  beforeEach(() => {
    harness = new Harness(built.script);
  });
  afterEach(() => harness.dispose());

  it('shows what it would install, and changes nothing', async () => {
    const { code, stdout } = await harness.run(['service', 'install', '--print', '--json']);
    expect(code).toBe(0);
    const { files } = JSON.parse(stdout);
    expect(files).toHaveLength(2);
    for (const { file, text } of files) {
      expect(existsSync(file)).toBe(false);
      expect(text.length).toBeGreaterThan(100);
    }
    expect((await harness.run(['service', 'install', '--print'])).stdout).toContain(files[0].text);
  });

  it('says that it is not installed', async () => {
    const { code, stdout } = await harness.run(['service', 'status', '--json']);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ installed: false, running: false });
    expect(await harness.run(['service', 'uninstall'])).toMatchObject({ code: 0, stderr: 'It is not installed.\n' });
  });

  it('that stands by takes the place of the daemon that ends, and prints no key', async () => {
    const { info } = await harness.serve();
    const standby = harness.start(['serve', '--standby', '--port', '0'], { env: { FAKE_FIRST_START: '1' } });
    expect(await harness.run(['stop'])).toMatchObject({ code: 0 });
    await expect.poll(async () => (await findDaemon(harness.state))?.pid, { timeout: 15_000 }).toBe(standby.child.pid);
    expect(standby.child.pid).not.toBe(info.pid);
    expect(standby.stdout).toBe('');
  });

  it('turns the launcher to itself when it starts from an installed copy, and only then', async () => {
    const { state } = harness;
    mkdirSync(join(paths(state).bin, '9.9.9-x'), { recursive: true, mode: 0o700 });
    const copy = join(paths(state).bin, '9.9.9-x', 'daemon.js');
    cpSync(built.script, copy);
    const older = { state, command: '/gone/node', isElectron: false, bundle: join(paths(state).bin, '1', 'daemon.js') };
    writeLauncher(older);
    await harness.serve();
    expect(readFileSync(launcherPath(state), 'utf8')).toBe(launcherText(older));
    await harness.run(['stop']);
    const installed = new Harness(copy);
    const running = installed.start(['serve', '--json', '--port', '0', '--state', state]);
    await running.line();
    const target = { ...older, command: process.execPath, bundle: copy };
    expect(readFileSync(launcherPath(state), 'utf8')).toBe(launcherText(target));
    await installed.dispose();
  });
});
