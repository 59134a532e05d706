import type { CanonicalRequest } from '../dialect.ts';
import { type Fields, fieldsOf } from './fields.ts';
import type { ModelFacts } from './model-facts.ts';
import type { Notes } from './notes.ts';
import { levelOf } from './thinking.ts';

/** Anthropic's temperature ends where OpenAI's is in its middle. */
const HOTTEST = 1;
/** A model that thinks takes no less. */
const LEAST_TOP_P = 0.95;

/** Translates temperature, top_p and top_k as far as the model takes them, thinking or not. */
export function samplingOf(request: CanonicalRequest, facts: ModelFacts, isThinking: boolean, notes: Notes): Fields {
  const sent: Record<string, number> = {};
  for (const field of ['temperature', 'top_p', 'top_k']) {
    const value = request[field];
    if (typeof value !== 'number') continue;
    if (!facts.sampling) notes.warn(`${field} is not sent: this model refuses it`);
    else sent[field] = value;
  }
  const drop = (field: string, why: string) => {
    if (sent[field] === undefined) return;
    delete sent[field];
    notes.warn(`${field} is not sent: ${why}`);
  };
  if (sent['temperature'] !== undefined && sent['temperature'] > HOTTEST) {
    notes.warn(`temperature is sent as ${HOTTEST}, the highest here`);
    sent['temperature'] = HOTTEST;
  }
  if (isThinking) {
    if (sent['temperature'] !== HOTTEST) drop('temperature', 'a model that reasons takes no other than 1');
    drop('top_k', 'a model that reasons does not take it');
    if (sent['top_p'] !== undefined && sent['top_p'] < LEAST_TOP_P)
      drop('top_p', `a model that reasons takes no less than ${LEAST_TOP_P}`);
  }
  // From the generation that knows structured outputs on, one of the two may be said.
  if (facts.structuredOutputs && sent['temperature'] !== undefined)
    drop('top_p', 'this model takes either it or temperature');
  return sent;
}

/** `output_config`: the effort, and the form of the answer. `effort` comes from the reasoning wanted, else `verbosity` is one. */
export function outputConfigOf(
  request: CanonicalRequest,
  effort: string | null,
  facts: ModelFacts,
  notes: Notes,
): Fields | null {
  const format = formatOf(request['response_format'], facts, notes);
  const level = effort ?? verbosityOf(request['verbosity'], facts, notes);
  if (!format && level === null) return null;
  return { ...(level === null ? {} : { effort: level }), ...(format ? { format } : {}) };
}

function verbosityOf(verbosity: unknown, facts: ModelFacts, notes: Notes): string | null {
  if (verbosity === undefined || verbosity === null) return null;
  const known = ['low', 'medium', 'high', 'xhigh', 'max'].find((level) => level === verbosity);
  const level = known ? levelOf(known as 'low' | 'medium' | 'high' | 'xhigh' | 'max', facts) : null;
  if (level === null) notes.warn('verbosity is not sent');
  return level;
}

function formatOf(format: unknown, facts: ModelFacts, notes: Notes): Fields | null {
  const { type, json_schema } = fieldsOf(format);
  switch (type) {
    case undefined:
    case 'text':
      return null;
    case 'json_object':
      notes.warn('response_format is not sent: JSON without a schema cannot be enforced here, only asked for in words');
      return null;
    case 'json_schema': {
      const { schema } = fieldsOf(json_schema);
      if (facts.structuredOutputs && schema) return { type: 'json_schema', schema };
      notes.lack(facts.structuredOutputs ? 'response_format.json_schema.schema' : 'response_format');
      return null;
    }
    default:
      notes.lack('response_format');
      return null;
  }
}
