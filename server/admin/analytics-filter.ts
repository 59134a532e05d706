import type { DimensionName } from './analytics-meta.ts';
import type { AnalyticsQuery } from './analytics-query.ts';

type Filter = AnalyticsQuery['filters'][number];

/** Whether something passes all filters, by its ids. A call without a value passes `neq`, and lists that say so. */
export function passes(filters: readonly Filter[], of: (dimension: DimensionName) => string | null): boolean {
  return filters.every((filter) => holds(filter, of(filter.field)));
}

function holds({ operator, value, include_unset }: Filter, id: string | null): boolean {
  const values = (Array.isArray(value) ? value : [value]).map(String);
  const [first = ''] = values;
  if (id === null) return operator === 'neq' || include_unset === true;
  switch (operator) {
    case 'eq':
      return id === first;
    case 'neq':
      return id !== first;
    case 'in':
      return values.includes(id);
    case 'not_in':
      return !values.includes(id);
    case 'gt':
      return id > first;
    case 'gte':
      return id >= first;
    case 'lt':
      return id < first;
    case 'lte':
      return id <= first;
  }
}
