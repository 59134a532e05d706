import { randomBytes } from 'node:crypto';
import { l10n, Uri, type Webview } from 'vscode';

/** The form's page. It may run our one script, load our styles and font, and connect nowhere. */
export function formHtml(webview: Webview, extensionUri: Uri, slug: string): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (name: string) => webview.asWebviewUri(Uri.joinPath(extensionUri, 'dist', 'webview', name)).toString();
  const policy = [
    "default-src 'none'",
    "connect-src 'none'",
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file('codicon.css')}">
<link rel="stylesheet" href="${file('presets-editor.css')}">
<title>${escapeHtml(slug)}</title>
</head>
<body>
<main>
  <header>
    <div>
      <h1 id="title">${escapeHtml(slug)}</h1>
      <p class="layer">${escapeHtml(l10n.t('Preset'))} <code>@preset/${escapeHtml(slug)}</code></p>
    </div>
    <div class="actions">
      ${button('run', 'play', l10n.t('Run'), 'primary')}
      ${button('publish', 'cloud-upload', l10n.t('Publish…'), '')}
      ${button('open-text', 'go-to-file', l10n.t('Open as Text'), '')}
    </div>
  </header>
  <section id="problems" class="problems" role="status" hidden></section>
  <form id="form" autocomplete="off">
    <div class="field wide combobox">
      <label for="model">${escapeHtml(l10n.t('Model'))}</label>
      <div class="anchor">
        <input id="model" type="text" role="combobox" aria-expanded="false" aria-autocomplete="list" aria-controls="model-list"
          aria-describedby="model-hint" spellcheck="false" placeholder="vendor/model">
        <span class="codicon codicon-chevron-down" aria-hidden="true"></span>
        <ul id="model-list" role="listbox" aria-label="${escapeHtml(l10n.t('Models'))}" hidden></ul>
      </div>
      <p id="model-hint" class="hint"></p>
    </div>
    ${field('temperature', l10n.t('Temperature'), '<input id="temperature" type="number" min="0" max="2" step="any" aria-describedby="temperature-hint">', l10n.t('0 to 2; empty: the model’s own'))}
    ${field('max_tokens', l10n.t('Max tokens'), '<input id="max_tokens" type="number" min="1" step="1" aria-describedby="max_tokens-hint">', l10n.t('Of the answer; it also bounds the cost'))}
    ${field('name', l10n.t('Name'), '<input id="name" type="text">', '')}
    ${field('description', l10n.t('Description'), '<input id="description" type="text">', '')}
    <div class="field wide grow">
      <label for="systemPrompt">${escapeHtml(l10n.t('System prompt'))}</label>
      <textarea id="systemPrompt" rows="12" spellcheck="false" placeholder="${escapeHtml(l10n.t('What the model is told before every request'))}"></textarea>
    </div>
  </form>
  <p id="others" class="hint" hidden></p>
</main>
<script type="application/json" id="words">${words()}</script>
<script nonce="${nonce}" src="${file('presets-editor.js')}"></script>
</body>
</html>`;
}

/** What the script says; a page has no access to VS Code's translations. */
function words(): string {
  const all = {
    line: l10n.t('Line {0}'),
    unreadable: l10n.t('The text cannot be read as a preset, so the form cannot change it. Correct it as text.'),
    fallbacks: l10n.t('Falls back, in this order, to: {0}. Edit the list as text.'),
    others: l10n.t('Also set in the file: {0}. Edit them as text.'),
    unknownModel: l10n.t('The daemon does not list this model.'),
    noModels: l10n.t('The daemon’s models are not known now; any name can be typed.'),
    perMillion: l10n.t('{0} per million tokens'),
    by: l10n.t('by {0}'),
    context: l10n.t('{0} tokens of context'),
    noPrice: l10n.t('no known price'),
    noMatch: l10n.t('No model of this name'),
    notANumber: l10n.t('Not a number within the bounds; the file keeps its value.'),
  };
  return JSON.stringify(all).replaceAll('<', '\\u003c');
}

function field(id: string, label: string, input: string, hint: string): string {
  const described = hint === '' ? '' : `<p id="${id}-hint" class="hint">${escapeHtml(hint)}</p>`;
  return `<div class="field"><label for="${id}">${escapeHtml(label)}</label>${input}${described}</div>`;
}

function button(id: string, icon: string, label: string, kind: string): string {
  return `<button type="button" id="${id}" class="${kind}"><span class="codicon codicon-${icon}" aria-hidden="true"></span>${escapeHtml(label)}</button>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
