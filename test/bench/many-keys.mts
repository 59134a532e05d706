/** The secret of key `number` of a filled store; load.lua and load-generator.mts make the same. */
export const secretOf = (number: number) => `sk-cg-v1-${number.toString(16).padStart(64, '0')}`;
