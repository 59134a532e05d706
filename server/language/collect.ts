import type { LanguageLog } from './language-log.ts';
import type { Room } from './room.ts';

type Answer<T> = readonly T[] | Promise<readonly T[]> | undefined;

/** Asks every room at once and joins the answers in the order of the rooms. A room that fails is left out and logged. */
export async function collect<T>(
  rooms: readonly Room[],
  ask: (room: Room) => Answer<T>,
  log: LanguageLog,
): Promise<T[]> {
  const answers = await Promise.all(
    rooms.map(async (room): Promise<readonly T[]> => {
      try {
        return (await ask(room)) ?? [];
      } catch (error) {
        log.warn(`language server, ${room.name}: ${String(error)}`);
        return [];
      }
    }),
  );
  return answers.flat();
}
