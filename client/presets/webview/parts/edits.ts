import type { EditableField } from '../../messages.ts';
import { post } from './host.ts';

/** One undo step per pause in typing, not per key. */
const PAUSE = 250;

/**
 * Sends what is typed, after a pause or at once, and knows which fields hold text that the document has not taken yet: those
 * must not be overwritten with what the document still says.
 */
export class Edits {
  #version = 0;
  #number = 0;
  #acknowledged = 0;
  readonly #sent = new Map<EditableField, number>();
  #waiting: { readonly field: EditableField; readonly value: string } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The document has come: its version, and the last of our edits that it knows of. */
  seen(version: number, acknowledged: number): void {
    this.#version = version;
    this.#acknowledged = acknowledged;
  }

  isPending(field: EditableField): boolean {
    return this.#waiting?.field === field || (this.#sent.get(field) ?? 0) > this.#acknowledged;
  }

  get anyWaiting(): boolean {
    return this.#waiting !== null;
  }

  typed(field: EditableField, value: string): void {
    this.hold(field, value);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** Keeps what is typed until `flush`: half a model's name is a search, not an edit. */
  hold(field: EditableField, value: string): void {
    if (this.#waiting && this.#waiting.field !== field) this.flush();
    this.#waiting = { field, value };
    clearTimeout(this.#timer);
  }

  flush(): void {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (!waiting) return;
    this.#number += 1;
    this.#sent.set(waiting.field, this.#number);
    post({ type: 'edit', number: this.#number, version: this.#version, field: waiting.field, value: waiting.value });
  }
}
