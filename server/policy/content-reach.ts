import { ibanLength as lengthOf } from '../detect/pii/iban.ts';
import { secretKeywordAt as keywordAt } from '../detect/secrets/find-secrets.ts';

/** Characters of an IBAN of a country; null: there is no such country. */
export const ibanLength = (country: string): number | null => lengthOf(country);

/** Where a credential may begin at or after `from`; -1: nowhere. */
export const secretKeywordAt = (text: string, from: number): number => keywordAt(text, from);
