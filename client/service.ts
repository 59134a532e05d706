import { l10n, type Memento, ProgressLocation, window } from 'vscode';
import * as z from 'zod/mini';
import type { Command } from './commands.ts';
import type { CommandAnswer } from './launch.ts';

const NEVER = 'callgate.service.never';
const standing = z.object({ installed: z.boolean(), available: z.boolean() });

export type ServiceParts = {
  readonly memory: Memento;
  /** Runs `callgate …` of our own version, on the daemon's state folder. */
  readonly callgate: (args: readonly string[]) => Promise<CommandAnswer>;
};

/** The daemon as a service of the machine, for programs that call while no editor is open. */
export class ServiceOffer {
  readonly #parts: ServiceParts;
  #asked = false;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Asks, when a key has been made for a program; no more in this window then, and never again if that is the answer. */
  async offer(): Promise<void> {
    const { memory, callgate } = this.#parts;
    if (this.#asked || memory.get(NEVER) === true) return;
    this.#asked = true;
    const told = standing.safeParse(parseJson((await callgate(['service', 'status', '--json'])).stdout));
    // Where no service can be installed, such as in a container, an offer would be an annoyance.
    if (!told.success || told.data.installed || !told.data.available) return;
    const [install, later, never] = [l10n.t('Install Service'), l10n.t('Not Now'), l10n.t('Never')];
    const choice = await window.showInformationMessage(
      l10n.t(
        'Keep the Callgate daemon running while no editor is open, so that programs can always call? This installs a service of yours on this machine.',
      ),
      install,
      later,
      never,
    );
    if (choice === never) await memory.update(NEVER, true);
    if (choice === install) await this.install();
  }

  async install(): Promise<void> {
    const { callgate } = this.#parts;
    const title = l10n.t('Installing the Callgate service…');
    const { code, stderr } = await window.withProgress({ location: ProgressLocation.Notification, title }, () =>
      callgate(['service', 'install']),
    );
    const said = stderr.trim().split('\n').join(' ');
    if (code === 0) void window.showInformationMessage(said || l10n.t('The Callgate service is installed.'));
    else await window.showErrorMessage(said || l10n.t('The Callgate service could not be installed.'));
  }
}

export function serviceCommands(service: ServiceOffer): Readonly<Record<string, Command>> {
  return { installService: { run: () => service.install() } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
