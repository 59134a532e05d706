import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import { readDaemonJson } from '../daemon/discovery.ts';
import { isAlive } from '../daemon/process-alive.ts';
import { findDaemon } from '../ensure-daemon.ts';
import { API, CALLGATE_API, daemonStatus } from '../protocol.ts';
import { Api, notRunning } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { duration, facts, note, print, printJson } from './output.ts';

/** A drain's 30 s, and some. */
const STOP_WAIT_MS = 40_000;

export function addStatus(program: Command): void {
  addCommand(program, 'status', 'whether the daemon runs, where, and how it is (exit 4 when it does not)').action(
    async (_: unknown, command: Command) => {
      const globals = globalsOf(command);
      const daemon = await findDaemon(globals.state);
      if (!daemon) {
        if (globals.json) printJson({ running: false, state: globals.state });
        throw notRunning(globals);
      }
      const status = await new Api(daemon).call(daemonStatus, 'GET', `${CALLGATE_API}/status`);
      if (globals.json) return printJson({ running: true, ...status });
      print(
        facts([
          ['base URL', `${status.url}${API}`],
          ['pid', String(status.pid)],
          ['version', status.version],
          ['up for', duration(status.uptime_seconds)],
          ['in flight', String(status.in_flight)],
          ['editors', String(status.editors)],
          ['keys', String(status.keys)],
          ['presets', String(status.presets)],
          ['state', status.state],
        ]),
      );
      const { config_error: problems, config_restart: restart = [] } = status;
      if (problems) note(`\nconfig.yaml is not valid, so the settings read before still hold:\n${problems}`);
      if (restart.length > 0) note(`\nAt the next start only: ${restart.join(', ')}.`);
    },
  );
}

export function addStop(program: Command): void {
  addCommand(program, 'stop', 'end the daemon, after the calls in flight (at most 30 s)').action(
    async (_: unknown, command: Command) => {
      const globals = globalsOf(command);
      const daemon = await findDaemon(globals.state);
      if (!daemon) {
        const draining = readDaemonJson(globals.state)?.pid;
        if (draining === undefined || !isAlive(draining)) {
          if (globals.json) return printJson({ stopped: false, state: globals.state });
          return note('No daemon is running.');
        }
        await untilGone(draining);
      } else {
        await new Api(daemon).call(z.unknown(), 'POST', `${CALLGATE_API}/stop`, {});
        await untilGone(daemon.pid);
      }
      if (globals.json) return printJson({ stopped: true, state: globals.state });
      note('Stopped.');
    },
  );
}

async function untilGone(pid: number): Promise<void> {
  const deadline = Date.now() + STOP_WAIT_MS;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      throw new CommandFailure(
        `The daemon (pid ${pid}) has not ended within ${STOP_WAIT_MS / 1000} s`,
        'End it by its pid.',
        EXIT.failed,
      );
    }
    await sleep(50);
  }
}
