import type { EditableField, FormFields, ToForm } from '../messages.ts';
import { Combobox } from './parts/combobox.ts';
import { Edits } from './parts/edits.ts';
import './parts/editor.css';
import { element, fill, post, words } from './parts/host.ts';
import { showProblems } from './parts/problems.ts';
import { setText } from './parts/text-field.ts';

const inputs = {
  model: element('model', HTMLInputElement),
  temperature: element('temperature', HTMLInputElement),
  max_tokens: element('max_tokens', HTMLInputElement),
  name: element('name', HTMLInputElement),
  description: element('description', HTMLInputElement),
  systemPrompt: element('systemPrompt', HTMLTextAreaElement),
} as const satisfies Record<EditableField, HTMLInputElement | HTMLTextAreaElement>;
const fields = Object.entries(inputs) as [EditableField, HTMLInputElement | HTMLTextAreaElement][];
const title = element('title', HTMLElement);
const slug = title.textContent;
const modelHint = element('model-hint', HTMLElement);
const others = element('others', HTMLElement);
const edits = new Edits();
let shown: FormFields | null = null;

const models = new Combobox({
  input: inputs.model,
  list: element('model-list', HTMLUListElement),
  noMatch: words.noMatch,
  noPrice: words.noPrice,
  onChoose: () => {
    edits.hold('model', inputs.model.value);
    edits.flush();
    showModelHint();
  },
});

for (const [field, input] of fields) {
  input.addEventListener('input', () => {
    if (field === 'model') {
      showModelHint();
      edits.hold(field, input.value);
      return;
    }
    // A number out of bounds is told at the field and goes no further: the file keeps its last good value.
    input.setCustomValidity('');
    if (input.validity.valid) edits.typed(field, input.value);
    else input.setCustomValidity(words.notANumber);
  });
  input.addEventListener('blur', () => {
    edits.flush();
    if (!input.validity.valid) input.reportValidity();
  });
}

element('form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  edits.flush();
});
element('run', HTMLButtonElement).addEventListener('click', () => act({ type: 'run' }));
element('publish', HTMLButtonElement).addEventListener('click', () => act({ type: 'publish' }));
element('open-text', HTMLButtonElement).addEventListener('click', () => act({ type: 'openText' }));

function act(message: Parameters<typeof post>[0]): void {
  edits.flush();
  post(message);
}

// A shortcut (save, undo) must find in the document what is already in the field. Undo and redo go the way of the edits, as
// VS Code, told by the same key, would undo before the edit has arrived.
document.addEventListener(
  'keydown',
  (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    const key = event.key.toLowerCase();
    if (key === 'control' || key === 'meta') return;
    const waiting = edits.anyWaiting;
    edits.flush();
    if (waiting && key === 'z' && !event.altKey) {
      event.preventDefault();
      event.stopImmediatePropagation();
      post({ type: event.shiftKey ? 'redo' : 'undo' });
    }
  },
  { capture: true },
);
window.addEventListener('pagehide', () => edits.flush());

window.addEventListener('message', ({ data }: MessageEvent<ToForm>) => {
  if (data.type === 'models') {
    models.setModels(data.models);
    showModelHint();
    return;
  }
  edits.seen(data.version, data.acknowledged);
  showProblems(element('problems', HTMLElement), data);
  show(data.fields);
});

function show(next: FormFields | null): void {
  for (const [field, input] of fields) {
    input.disabled = next === null || (field === 'model' && next.models.length > 0);
    if (next && !edits.isPending(field)) {
      setText(input, next[field]);
      input.setCustomValidity('');
    }
  }
  if (!next) return;
  shown = next;
  title.textContent = next.name || slug;
  others.hidden = next.others.length === 0;
  others.textContent = fill(words.others, next.others.join(', '));
  showModelHint();
}

function showModelHint(): void {
  if (shown && shown.models.length > 0) {
    modelHint.textContent = fill(words.fallbacks, shown.models.join(', '));
    return;
  }
  const id = inputs.model.value.trim();
  const model = models.find(id);
  if (models.isEmpty) modelHint.textContent = words.noModels;
  else if (model) {
    const price = /\d/.test(model.price) ? fill(words.perMillion, model.price) : model.price || words.noPrice;
    const context = model.context && fill(words.context, model.context);
    modelHint.textContent = [fill(words.by, model.provider), price, context].filter(Boolean).join(' · ');
  } else modelHint.textContent = id === '' ? '' : words.unknownModel;
}

post({ type: 'ready' });
