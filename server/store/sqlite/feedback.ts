import type { FeedbackStore } from '../store.ts';
import type { Database } from './database.ts';

/** What people said of calls. */
export function sqliteFeedback(database: Database): FeedbackStore {
  return {
    add: ({ generationId, category, comment, createdAt }) =>
      database.write(() => {
        database.run(
          'INSERT INTO feedback (generation_id, category, comment, created_at) VALUES (?, ?, ?, ?)',
          generationId,
          category,
          comment,
          createdAt,
        );
      }),
    of: async (generationId) =>
      database.all('SELECT * FROM feedback WHERE generation_id = ? ORDER BY rowid', generationId).map((row) => ({
        generationId,
        category: String(row['category']),
        comment: row['comment'] === null ? null : String(row['comment']),
        createdAt: String(row['created_at']),
      })),
  };
}
