import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import texts from '../../package.nls.json' with { type: 'json' };

const { contributes } = manifest;
const commands = new Set(contributes.commands.map(({ command }) => command));

describe('the manifest', () => {
  it('has a text for every placeholder, and no text too many', () => {
    const used = [...JSON.stringify(manifest).matchAll(/%([a-zA-Z.]+)%/g)].map(([, key]) => key);
    expect([...new Set(used)].sort()).toEqual(Object.keys(texts).sort());
  });

  it('names in its menus and welcome texts only commands that exist', () => {
    const inMenus = Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command));
    const inTexts = [...JSON.stringify(texts).matchAll(/command:(callgate\.\w+)/g)].map(([, command]) => command ?? '');
    expect([...inMenus, ...inTexts].filter((command) => !commands.has(command))).toEqual([]);
  });

  it('names only files that exist', () => {
    const files = [
      ...contributes.grammars.map(({ path }) => path),
      ...contributes.languages.flatMap(({ configuration, icon }) => [configuration, icon.light, icon.dark]),
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
    ];
    expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
  });

  it('names the grammars by their own scopes', () => {
    for (const { path, scopeName } of contributes.grammars) {
      const grammar = JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as {
        scopeName: string;
      };
      expect(grammar.scopeName).toBe(scopeName);
    }
  });

  it('lets no untrusted workspace choose where the daemon is or what runs it', () => {
    const settings = Object.entries(contributes.configuration.properties);
    expect(settings.map(([name]) => name)).toEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
    expect(settings.every(([, { scope }]) => scope === 'machine')).toBe(true);
  });
});
