import type * as z from 'zod';
import type { Refusal } from '../../errors.ts';
import type { Section } from '../../policy-file/schema.ts';
import type { Json } from '../../presets/json.ts';
import type { AdminContext } from '../context.ts';

/** One thing as callgate.yaml says it: some of its fields. */
export type Item = { readonly [field: string]: Json };

/** One that is there. */
export type Present = {
  readonly id: string;
  /** All that the file could say of it. */
  readonly item: Item;
  /** It was not made by anybody, and cannot be deleted. */
  readonly isFixed?: boolean;
  /** It came with another thing and says nothing of its own: not exported. */
  readonly isImplied?: boolean;
};

export type Done = {
  readonly kind: 'done';
  /** Of a new key; told once. */
  readonly secret?: string;
};

export const DONE: Done = { kind: 'done' };

/** Another thing that this one names. */
export type Reference = { readonly field: string; readonly section: Section; readonly identity: string };

/** What plan, apply and export need to know of one section. All of it is done by the operations that the API has. */
export type Kind = {
  readonly section: Section;
  /** What a new one has of what the file does not say; not written by export. */
  readonly defaults: Item;
  /** Fields that stay as they were made. */
  readonly fixed: readonly string[];
  /** Fields of which those within stand on their own, such as budgets. */
  readonly merged: readonly string[];
  /** What the API would say of an item's fields. */
  readonly body: z.ZodType | null;
  /** Oldest first. */
  readonly read: (admin: AdminContext) => Promise<readonly Present[]>;
  /** The item's fields as they would be read back. */
  readonly normal: (admin: AdminContext, item: Item) => Item;
  /** Why a field of one that is there does not become what the file says; null: it does. */
  readonly heldBack?: (field: string, before: Json, after: Json) => string | null;
  /** Within a merged field: stands for what cannot be compared, and is only looked at when one is made. */
  readonly isSecret?: (value: Json) => boolean;
  readonly references: (item: Item) => readonly Reference[];
  readonly create: (admin: AdminContext, item: Item) => Promise<Done | Refusal>;
  /** `item` holds only what differs. */
  readonly update: (admin: AdminContext, present: Present, item: Item) => Promise<Done | Refusal>;
  readonly remove: (admin: AdminContext, present: Present) => Promise<Done | Refusal>;
};

export function done(result: object): Done | Refusal {
  return isRefusal(result) ? result : DONE;
}

export function isRefusal(value: object): value is Refusal {
  return 'kind' in value && value.kind === 'refused';
}

/** The item without some of its fields. */
export function without(item: Item, ...fields: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([field]) => !fields.includes(field)));
}

/** Only these of its fields, where it has them. */
export function only(item: Readonly<Record<string, unknown>>, fields: readonly string[]): Item {
  return Object.fromEntries(
    fields.flatMap((field) => (item[field] === undefined ? [] : [[field, item[field]]])),
  ) as Item;
}
