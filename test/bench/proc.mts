/** What the operating system says of processes: Linux's /proc, and `ps` for memory where there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;
const HAS_PROC = existsSync('/proc/self/stat');

/** Seconds of CPU a process has used, all its threads; null where the platform does not say. */
export function cpuSeconds(pid: number): number | null {
  if (!HAS_PROC) return null;
  const { user, system } = ticksOf(String(pid));
  return (user + system) / TICKS;
}

/** Resident memory in megabytes (2²⁰ bytes); null where the platform does not say. */
export function residentMb(pid: number): number | null {
  if (HAS_PROC) {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  }
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  const kilobytes = Number.parseInt(stdout ?? '', 10);
  return Number.isNaN(kilobytes) ? null : kilobytes / 1024;
}

export type MachineTime = { readonly busy: number; readonly total: number; readonly ours: number };

/**
 * Seconds of CPU the whole machine has spent, and how much of the busy ones were ours: `pids`, this process, and what it has
 * waited for. Null without /proc.
 */
export function machineTime(pids: readonly number[]): MachineTime | null {
  if (!HAS_PROC) return null;
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const total = times.reduce((sum, ticks) => sum + ticks, 0) / TICKS;
  const idle = ((times[3] ?? 0) + (times[4] ?? 0)) / TICKS;
  const self = ticksOf('self');
  const own = (self.user + self.system + self.children) / TICKS;
  return { busy: total - idle, total, ours: pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), own) };
}

/** The share of the machine, 0 to 1, that processes other than ours used between two readings. */
export function foreignShare(from: MachineTime | null, to: MachineTime | null): number | null {
  if (!from || !to || to.total <= from.total) return null;
  return Math.max(0, to.busy - from.busy - (to.ours - from.ours)) / (to.total - from.total);
}

// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may hold blanks and brackets, what follows it may not.
function ticksOf(pid: string): { readonly user: number; readonly system: number; readonly children: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return { user: fields[11] ?? 0, system: fields[12] ?? 0, children: (fields[13] ?? 0) + (fields[14] ?? 0) };
}
