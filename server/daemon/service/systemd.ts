/** Unit of the person's own systemd. https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html */
export function systemdUnit({ launcher }: { readonly launcher: string }): string {
  return `# Written by callgate; \`callgate service uninstall\` removes it.
[Unit]
Description=Callgate: the local gate to the model providers

[Service]
Type=exec
ExecStart=/bin/sh ${quoted(launcher)}
Restart=on-failure
RestartSec=2
# Wrong configuration, and a machine that stands in the way, are not cured by starting again.
RestartPreventExitStatus=2 3
# A drain takes up to 30 s.
TimeoutStopSec=45
UMask=0077

[Install]
WantedBy=default.target
`;
}

/** One word of a command line: C escapes inside double quotes; `%` and `$` would be specifiers and variables. */
function quoted(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return `"${escaped}"`;
}
