import type { SQLInputValue } from 'node:sqlite';
import type { Row } from './database.ts';

/** How a field stands in its column: as it is, a flag as 0 or 1, a list as JSON. */
export type Column = string | { readonly column: string; readonly as: 'flag' | 'json' };

export type Columns<T> = Readonly<Record<keyof T & string, Column>>;

const nameOf = (column: Column) => (typeof column === 'string' ? column : column.column);

/** Rows of one table to and from values, by a list of its columns. */
export class Table<T extends object> {
  readonly #name: string;
  readonly #columns: readonly (readonly [keyof T & string, Column])[];

  constructor(name: string, columns: Columns<T>) {
    this.#name = name;
    this.#columns = Object.entries(columns) as unknown as readonly (readonly [keyof T & string, Column])[];
  }

  get select(): string {
    return `SELECT ${this.#columns.map(([, column]) => nameOf(column)).join(', ')} FROM ${this.#name}`;
  }

  get insert(): string {
    const names = this.#columns.map(([, column]) => nameOf(column));
    return `INSERT INTO ${this.#name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  }

  values(row: T): SQLInputValue[] {
    return this.#columns.map(([field, column]) => toSql(row[field], column));
  }

  /** `SET …` of the fields that are given; null when none is. */
  set(patch: Partial<T>): { readonly sql: string; readonly values: SQLInputValue[] } | null {
    const given = this.#columns.filter(([field]) => patch[field] !== undefined);
    if (given.length === 0) return null;
    return {
      sql: `UPDATE ${this.#name} SET ${given.map(([, column]) => `${nameOf(column)} = ?`).join(', ')}`,
      values: given.map(([field, column]) => toSql(patch[field], column)),
    };
  }

  of(row: Row): T {
    return Object.fromEntries(
      this.#columns.map(([field, column]) => [field, fromSql(row[nameOf(column)], column)]),
    ) as unknown as T;
  }
}

function toSql(value: unknown, column: Column): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (typeof column === 'string') return value as SQLInputValue;
  return column.as === 'flag' ? Number(value) : JSON.stringify(value);
}

function fromSql(value: Row[string] | undefined, column: Column): unknown {
  if (typeof column === 'string' || value === null || value === undefined) return value ?? null;
  return column.as === 'flag' ? value === 1 : JSON.parse(String(value));
}
