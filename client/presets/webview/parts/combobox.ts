import type { ModelChoice } from '../../../catalogue.ts';

/** More rows than anyone scrolls through; typing narrows them. */
const MOST_ROWS = 200;

type Parts = {
  readonly input: HTMLInputElement;
  readonly list: HTMLUListElement;
  readonly noMatch: string;
  readonly noPrice: string;
  /** A row was chosen; its id stands in the input. */
  readonly onChoose: () => void;
};

/**
 * An editable combobox with a list (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/): any text may be typed, and what
 * matches is offered with its price.
 */
export class Combobox {
  readonly #parts: Parts;
  #models: readonly ModelChoice[] = [];
  #rows: HTMLLIElement[] = [];
  #active = -1;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { input, list } = parts;
    input.addEventListener('click', () => this.#open(true));
    input.addEventListener('input', () => this.#open(false));
    input.addEventListener('keydown', (event) => this.#onKey(event));
    input.addEventListener('blur', () => this.#close());
    // Keeps the focus in the input, so that the blur above does not swallow the click.
    list.addEventListener('pointerdown', (event) => event.preventDefault());
    list.addEventListener('click', (event) => {
      const row = event.target instanceof Element ? event.target.closest('li') : null;
      if (row) this.#choose(this.#rows.indexOf(row));
    });
  }

  setModels(models: readonly ModelChoice[]): void {
    this.#models = models;
    if (!this.#parts.list.hidden) this.#open(false);
  }

  find(id: string): ModelChoice | undefined {
    return this.#models.find((model) => model.id === id);
  }

  get isEmpty(): boolean {
    return this.#models.length === 0;
  }

  /** `all`: every model, with the present one under the cursor; else those that match what is typed. */
  #open(all: boolean): void {
    const { input, list } = this.#parts;
    if (this.#models.length === 0 || input.disabled) return;
    const typed = input.value.trim().toLowerCase();
    const matching = all ? this.#models : this.#models.filter((model) => matches(model, typed));
    this.#rows = matching.slice(0, MOST_ROWS).map((model, index) => row(model, index, this.#parts.noPrice));
    list.replaceChildren(...(this.#rows.length > 0 ? this.#rows : [emptyRow(this.#parts.noMatch)]));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    this.#activate(all ? matching.findIndex((model) => model.id === input.value.trim()) : -1);
  }

  #close(): void {
    const { input, list } = this.#parts;
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    this.#active = -1;
  }

  #activate(index: number): void {
    this.#rows[this.#active]?.setAttribute('aria-selected', 'false');
    this.#active = index;
    const active = this.#rows[index];
    if (!active) {
      this.#parts.input.removeAttribute('aria-activedescendant');
      return;
    }
    active.setAttribute('aria-selected', 'true');
    active.scrollIntoView({ block: 'nearest' });
    this.#parts.input.setAttribute('aria-activedescendant', active.id);
  }

  #choose(index: number): void {
    const id = this.#rows[index]?.dataset['id'];
    this.#close();
    if (id === undefined) return;
    this.#parts.input.value = id;
    this.#parts.onChoose();
  }

  #onKey(event: KeyboardEvent): void {
    const open = !this.#parts.list.hidden;
    const count = this.#rows.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) this.#open(true);
      else if (count > 0)
        this.#activate((this.#active + (event.key === 'ArrowDown' ? 1 : count - (this.#active < 0 ? 0 : 1))) % count);
    } else if (event.key === 'Enter' && open && this.#active >= 0) {
      event.preventDefault();
      this.#choose(this.#active);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }
}

function matches(model: ModelChoice, typed: string): boolean {
  const words = typed.split(/\s+/);
  const text = `${model.id} ${model.name}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function row(model: ModelChoice, index: number, noPrice: string): HTMLLIElement {
  const item = document.createElement('li');
  item.id = `model-${index}`;
  item.dataset['id'] = model.id;
  item.setAttribute('role', 'option');
  item.setAttribute('aria-selected', 'false');
  item.append(span('id', model.id), span('context', model.context), span('price', model.price || noPrice));
  return item;
}

function emptyRow(text: string): HTMLLIElement {
  const item = document.createElement('li');
  item.className = 'none';
  item.textContent = text;
  return item;
}

function span(className: string, text: string): HTMLSpanElement {
  const part = document.createElement('span');
  part.className = className;
  part.textContent = text;
  return part;
}
