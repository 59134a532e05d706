import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionParts, type ConnectionState, type SessionEnd } from '../../client/connection.ts';
import { Unreachable } from '../../client/failure.ts';
import type { DaemonHandle } from '../../server/ensure-daemon.ts';

/** A world with daemons, sessions and a clock that moves only when somebody sleeps. */
class World {
  now = 0;
  pid = 0;
  running: DaemonHandle | null = null;
  failures = 0;
  attachFailures = 0;
  spawned = 0;
  ended = 0;
  attached = 0;
  disposed = 0;
  readonly sleeps: number[] = [];
  readonly states: string[] = [];
  #lose: ((end: SessionEnd) => void) | null = null;
  readonly connection: Connection;

  constructor(changes: Partial<ConnectionParts> = {}) {
    const parts: ConnectionParts = {
      find: async () => this.running,
      ensure: async () => {
        if (this.failures > 0) {
          this.failures -= 1;
          return { message: 'config.yaml:1:1: no', remedy: 'Correct it.', detail: null };
        }
        if (!this.running) this.spawn();
        return this.running as DaemonHandle;
      },
      attach: async () => {
        if (this.attachFailures > 0) {
          this.attachFailures -= 1;
          throw new Error('refused');
        }
        const { promise, resolve } = Promise.withResolvers<SessionEnd>();
        this.#lose = resolve;
        this.attached += 1;
        return {
          ended: promise,
          dispose: async () => {
            this.disposed += 1;
          },
        };
      },
      end: async () => {
        this.ended += 1;
        this.running = null;
      },
      sleep: async (ms, signal) => {
        this.sleeps.push(ms);
        this.now += ms;
        await turns(3);
        if (!signal.aborted && this.sleeps.length > 200)
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      now: () => this.now,
      ...changes,
    };
    this.connection = new Connection(parts, (state) => this.states.push(state.kind));
  }

  spawn(): void {
    this.pid += 1;
    this.spawned += 1;
    this.running = {
      url: 'http://127.0.0.1:1',
      token: 't',
      pid: this.pid,
      version: '1',
      protocol: 1,
      protocolMin: 1,
      state: '/s',
    };
  }

  lose(end: SessionEnd): void {
    if (!end.deliberate) this.running = null;
    this.#lose?.(end);
  }
}

async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

async function until(connection: Connection, kind: ConnectionState['kind']): Promise<void> {
  for (let i = 0; i < 500 && connection.state.kind !== kind; i++) await turns(5);
  expect(connection.state.kind).toBe(kind);
}

const CRASH: SessionEnd = { deliberate: false, reason: 'closed with 1006' };
const GOODBYE: SessionEnd = { deliberate: true, reason: 'closed with 1001' };

describe('the connection to the daemon', () => {
  it('starts one daemon and attaches', async () => {
    const world = new World();
    world.connection.start();
    world.connection.start();
    expect(world.connection.state.kind).toBe('starting');
    expect((await world.connection.ready()).pid).toBe(1);
    expect(world.states).toEqual(['starting', 'running']);
    expect(world.spawned).toBe(1);
    await world.connection.dispose();
    expect(world.disposed).toBe(1);
    expect(world.ended).toBe(0);
  });

  it('comes back after a crash, with growing pauses', async () => {
    const world = new World();
    world.connection.start();
    for (let crash = 1; crash <= 4; crash++) {
      await world.connection.ready();
      world.lose(CRASH);
      await turns();
      expect((await world.connection.ready()).pid).toBe(crash + 1);
    }
    expect(world.sleeps).toEqual([250, 500, 1000, 2000]);
    await world.connection.dispose();
  });

  it('gives up after five losses in three minutes, and says so', async () => {
    const world = new World({ attach: () => Promise.reject(new Error('no subprotocol')) });
    world.connection.start();
    await until(world.connection, 'failed');
    const { state } = world.connection;
    expect(state.kind === 'failed' && state.failure.detail).toBe('no subprotocol');
    await expect(world.connection.ready()).rejects.toThrow(Unreachable);
    await world.connection.dispose();
  });

  it('does not count losses that lie far apart', async () => {
    const world = new World();
    world.connection.start();
    for (let crash = 0; crash < 12; crash++) {
      await world.connection.ready();
      world.now += 60_000;
      world.lose(CRASH);
      await turns();
    }
    expect((await world.connection.ready()).pid).toBe(13);
    await world.connection.dispose();
  });

  it('tells why a daemon could not start, and tries again when asked', async () => {
    const world = new World();
    world.failures = 1;
    world.connection.start();
    await until(world.connection, 'failed');
    await expect(world.connection.ready()).rejects.toMatchObject({ failure: { remedy: 'Correct it.' } });
    await world.connection.restart();
    expect((await world.connection.ready()).pid).toBe(1);
    await world.connection.dispose();
  });

  it('leaves a daemon stopped that somebody stopped, until somebody starts one', async () => {
    const world = new World();
    world.connection.start();
    await world.connection.ready();
    world.lose(GOODBYE);
    // It still answers while it drains; that is not a return.
    await until(world.connection, 'stopped');
    await turns(200);
    expect(world.connection.state.kind).toBe('stopped');
    expect(world.spawned).toBe(1);
    world.running = null;
    await turns(200);
    expect(world.connection.state.kind).toBe('stopped');
    world.spawn();
    expect((await waitForReady(world.connection)).pid).toBe(2);
    await world.connection.dispose();
  });

  it('attaches by itself to a daemon that is started elsewhere after a failure', async () => {
    const world = new World();
    world.failures = 1;
    world.connection.start();
    await until(world.connection, 'failed');
    world.spawn();
    expect((await waitForReady(world.connection)).pid).toBe(1);
    await world.connection.dispose();
  });

  it('joins restarts that are asked for at once', async () => {
    const world = new World();
    world.connection.start();
    await world.connection.ready();
    await Promise.all([world.connection.restart(), world.connection.restart(), world.connection.restart()]);
    expect((await world.connection.ready()).pid).toBe(2);
    expect(world.ended).toBe(1);
    await world.connection.dispose();
  });

  it('stops the daemon, and starts it only when asked', async () => {
    const world = new World();
    world.connection.start();
    await world.connection.ready();
    await world.connection.stop();
    await turns(200);
    expect(world.connection.state.kind).toBe('stopped');
    await expect(world.connection.ready()).rejects.toThrow(Unreachable);
    world.connection.start();
    expect((await world.connection.ready()).pid).toBe(2);
    await world.connection.dispose();
  });

  it('holds one session after a start, although it was waiting for the daemon to return', async () => {
    const world = new World();
    world.connection.start();
    await world.connection.ready();
    await world.connection.stop();
    await turns(20);
    world.connection.start();
    await world.connection.ready();
    await turns(200);
    expect(world.attached - world.disposed).toBe(1);
    await world.connection.dispose();
  });

  it('stays stopped, and lets nobody wait, when the daemon will not end', async () => {
    const world = new World({ end: () => Promise.reject(new Error('it does not end')) });
    world.connection.start();
    await world.connection.ready();
    await expect(world.connection.stop()).rejects.toThrow('it does not end');
    await expect(world.connection.ready()).rejects.toThrow(Unreachable);
    await world.connection.dispose();
  });

  it('ends waiting when the one who waits gives up', async () => {
    const world = new World({ ensure: () => new Promise(() => undefined) });
    world.connection.start();
    const abort = new AbortController();
    const ready = world.connection.ready(abort.signal);
    abort.abort(new Error('enough'));
    await expect(ready).rejects.toThrow('enough');
  });
});

async function waitForReady(connection: Connection): Promise<DaemonHandle> {
  await until(connection, 'running');
  return connection.ready();
}
