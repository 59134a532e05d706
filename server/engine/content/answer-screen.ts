import type { JsonObject } from '../resolve-preset.ts';
import type { ContentCourse } from './content-course.ts';
import { JsonScreen } from './json-screen.ts';
import { TextScreen } from './text-screen.ts';

type Screen = { push(text: string): string; flush(): string };

/** In this order a choice's texts come; one that begins ends those before it. */
const TEXTS = ['reasoning', 'reasoning_content', 'content', 'refusal'] as const;

/** One choice of an answer, as it comes in pieces: what of its pieces may be passed on, and the rest with its end. */
export class ChoiceScreen {
  readonly #course: ContentCourse;
  readonly #isJson: boolean;
  readonly #texts = new Map<string, Screen>();
  readonly #calls = new Map<number, Screen>();

  /** `isJson`: a structured answer was asked for. */
  constructor(course: ContentCourse, isJson: boolean) {
    this.#course = course;
    this.#isJson = isJson;
  }

  /** A delta as it may be passed on. `isLast`: none comes after it. */
  delta(delta: JsonObject, isLast: boolean): JsonObject {
    const out: Record<string, unknown> = { ...delta };
    const begun = TEXTS.filter((name) => typeof delta[name] === 'string' && delta[name] !== '');
    const calls = Array.isArray(delta['tool_calls']) ? (delta['tool_calls'] as readonly JsonObject[]) : [];
    for (const name of TEXTS) {
      const text = delta[name];
      let passed = typeof text === 'string' ? this.#text(name).push(text) : null;
      const isOver = isLast || calls.length > 0 || begun.some((other) => TEXTS.indexOf(other) > TEXTS.indexOf(name));
      if (isOver) passed = `${passed ?? ''}${this.#texts.get(name)?.flush() ?? ''}` || passed;
      if (passed !== null) out[name] = passed;
    }
    if (Array.isArray(delta['content']))
      out['content'] = delta['content'].map((part) => screenedPart(this.#course, part));
    if (Array.isArray(delta['reasoning_details']))
      out['reasoning_details'] = this.#details(delta['reasoning_details'], isLast);
    if ('annotations' in delta) out['annotations'] = screenedLeaves(this.#course, delta['annotations']);
    this.#nested(out, 'audio', 'transcript', isLast);
    this.#nested(out, 'function_call', 'arguments', isLast);
    const made = this.#callsOf(calls, isLast);
    if (made.length > 0) out['tool_calls'] = made;
    else if (calls.length > 0) delete out['tool_calls'];
    return out;
  }

  /** Whole texts of a legacy completion. */
  text(text: string, isLast: boolean): string {
    const screen = this.#text('text');
    return screen.push(text) + (isLast ? screen.flush() : '');
  }

  #text(name: string): Screen {
    let screen = this.#texts.get(name);
    if (!screen) {
      if (name === 'function_call') screen = this.#arguments();
      else screen = name === 'content' && this.#isJson ? new JsonScreen(this.#course) : new TextScreen(this.#course);
      this.#texts.set(name, screen);
    }
    return screen;
  }

  #arguments(): Screen {
    return this.#course.filters.blocksOutput ? new Withheld(this.#course) : new JsonScreen(this.#course);
  }

  /** A text that comes in pieces within a member of the delta. */
  #nested(out: Record<string, unknown>, member: string, field: string, isLast: boolean): void {
    const made = out[member];
    const isMade = typeof made === 'object' && made !== null;
    const text = isMade ? (made as JsonObject)[field] : undefined;
    let passed = typeof text === 'string' ? this.#text(member).push(text) : null;
    if (isLast) passed = `${passed ?? ''}${this.#texts.get(member)?.flush() ?? ''}` || passed;
    if (passed !== null) out[member] = { ...(isMade ? made : {}), [field]: passed };
  }

  #details(details: readonly unknown[], isLast: boolean): readonly unknown[] {
    return details.map((detail, at) => {
      if (typeof detail !== 'object' || detail === null) return detail;
      const out: Record<string, unknown> = { ...detail };
      for (const name of ['text', 'summary']) {
        const text = out[name];
        if (typeof text !== 'string') continue;
        const index = typeof out['index'] === 'number' ? out['index'] : at;
        const screen = this.#text(`${name} ${index}`);
        // What is signed comes whole.
        out[name] = screen.push(text) + (isLast || 'signature' in out ? screen.flush() : '');
      }
      return out;
    });
  }

  #callsOf(calls: readonly JsonObject[], isLast: boolean): readonly JsonObject[] {
    const out: JsonObject[] = [];
    const now = new Set<number>();
    for (const [at, call] of calls.entries()) {
      const index = typeof call['index'] === 'number' ? call['index'] : at;
      // The call before has ended when another begins.
      for (const [other, screen] of this.#calls)
        if (other !== index && !now.has(other)) this.#endCall(out, other, screen);
      now.add(index);
      out.push(this.#call(call, index));
    }
    if (isLast) for (const [index, screen] of this.#calls) this.#endCall(out, index, screen);
    return out;
  }

  #call(call: JsonObject, index: number): JsonObject {
    for (const [kind, name] of [
      ['function', 'arguments'],
      ['custom', 'input'],
    ] as const) {
      const made = call[kind] as JsonObject | undefined;
      const text = made?.[name];
      if (typeof text !== 'string') continue;
      let screen = this.#calls.get(index);
      if (!screen) {
        screen = this.#arguments();
        this.#calls.set(index, screen);
      }
      return { ...call, [kind]: { ...made, [name]: screen.push(text) } };
    }
    return call;
  }

  #endCall(out: JsonObject[], index: number, screen: Screen): void {
    this.#calls.delete(index);
    const rest = screen.flush();
    if (rest === '') return;
    const same = out.findIndex(
      (call) => call['index'] === index && typeof (call['function'] as JsonObject)?.['arguments'] === 'string',
    );
    const found = out[same];
    if (!found) out.push({ index, function: { arguments: rest } });
    else {
      const made = found['function'] as JsonObject;
      out[same] = { ...found, function: { ...made, arguments: `${String(made['arguments'])}${rest}` } };
    }
  }
}

/** A tool's arguments where an answer may be blocked: none of them leaves before all of them have been looked at. */
class Withheld {
  readonly #screen: JsonScreen;
  #text = '';

  constructor(course: ContentCourse) {
    this.#screen = new JsonScreen(course);
  }

  push(text: string): string {
    this.#text += text;
    return '';
  }

  flush(): string {
    return this.#screen.push(this.#text) + this.#screen.flush();
  }
}

/** A whole message: the same filters over all of it at once. */
export function screenedMessage(course: ContentCourse, message: JsonObject, isJson: boolean): JsonObject {
  const out: Record<string, unknown> = { ...message };
  const whole = (screen: Screen, text: string) => screen.push(text) + screen.flush();
  for (const name of TEXTS) {
    const text = message[name];
    if (typeof text === 'string')
      out[name] = whole(name === 'content' && isJson ? new JsonScreen(course) : new TextScreen(course), text);
  }
  for (const name of ['content', 'reasoning_details']) {
    const parts = message[name];
    if (Array.isArray(parts)) out[name] = parts.map((part) => screenedPart(course, part));
  }
  const { audio, tool_calls: calls, function_call: legacy, annotations } = message;
  if (annotations !== undefined) out['annotations'] = screenedLeaves(course, annotations);
  if (typeof legacy === 'object' && legacy !== null)
    out['function_call'] = screenedCall(course, { function: legacy })['function'];
  if (typeof audio === 'object' && audio !== null) out['audio'] = screenedPart(course, audio);
  if (Array.isArray(calls)) out['tool_calls'] = calls.map((call) => screenedCall(course, call as JsonObject));
  return out;
}

/** Every string in it. */
function screenedLeaves(course: ContentCourse, value: unknown): unknown {
  if (typeof value === 'string') {
    const screen = new TextScreen(course);
    return screen.push(value) + screen.flush();
  }
  if (Array.isArray(value)) return value.map((item) => screenedLeaves(course, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, screenedLeaves(course, inner)]));
}

function screenedPart(course: ContentCourse, part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const out: Record<string, unknown> = { ...part };
  for (const name of ['text', 'summary', 'transcript']) {
    const text = out[name];
    if (typeof text !== 'string') continue;
    const screen = new TextScreen(course);
    out[name] = screen.push(text) + screen.flush();
  }
  return out;
}

function screenedCall(course: ContentCourse, call: JsonObject): JsonObject {
  for (const [kind, name] of [
    ['function', 'arguments'],
    ['custom', 'input'],
  ] as const) {
    const made = call[kind] as JsonObject | undefined;
    const text = made?.[name];
    if (typeof text !== 'string') continue;
    const screen = new JsonScreen(course);
    return { ...call, [kind]: { ...made, [name]: screen.push(text) + screen.flush() } };
  }
  return call;
}
