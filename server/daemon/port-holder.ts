import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Who listens on a TCP port of this machine, such as `nginx (pid 812)`; null when that cannot be known. For messages only. */
export async function portHolder(port: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') return await fromProc(port);
    return process.platform === 'win32' ? null : await fromLsof(port);
  } catch {
    return null;
  }
}

async function fromProc(port: number): Promise<string | null> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return null;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // Other people's processes, and those that have just ended, cannot be looked into.
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      // Not `comm`, the name of its first thread: every Node calls that MainThread.
      const name = basename(await readlink(`/proc/${pid}/exe`));
      return `${name} (pid ${pid})`;
    }
  }
  return null;
}

/** Rows of /proc/net/tcp in state 0A (listening): https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */
export function listeningInodes(table: string, port: number): readonly string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const inode = fields[9];
    return fields[1]?.endsWith(`:${wanted}`) && fields[3] === '0A' && inode !== undefined ? [inode] : [];
  });
}

function fromLsof(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { timeout: 2_000 }, (error, stdout) => {
      const pid = /^p(\d+)$/m.exec(stdout)?.[1];
      const name = /^c(.+)$/m.exec(stdout)?.[1];
      resolve(error || !pid ? null : `${name ?? 'a process'} (pid ${pid})`);
    });
  });
}
