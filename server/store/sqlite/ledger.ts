import type {
  Checkpoint,
  GenerationEnd,
  GenerationStart,
  Layer,
  LayerStanding,
  LedgerStore,
  OpenReservation,
  Reservation,
} from '../store.ts';
import type { Database, Row } from './database.ts';

const LIFETIME = '*';

const reservationOf = (row: Row): OpenReservation => ({
  id: String(row['id']),
  layers: JSON.parse(String(row['layers'])) as string[],
  nano: Number(row['nano']),
  day: String(row['day']),
  createdAt: String(row['created_at']),
  sent: row['sent'] === 1,
  generation: JSON.parse(String(row['generation'])) as GenerationStart,
  checkpoint: row['checkpoint'] === null ? null : (JSON.parse(String(row['checkpoint'])) as Checkpoint),
});

export function sqliteLedger(database: Database): LedgerStore {
  const standing = (layer: Layer): LayerStanding => {
    const spent =
      layer.since === null
        ? database.get('SELECT nano FROM layer_spent WHERE layer = ? AND day = ?', layer.id, LIFETIME)
        : // '*' sorts before every digit, so the lifetime row is never among the days.
          database.get('SELECT sum(nano) AS nano FROM layer_spent WHERE layer = ? AND day >= ?', layer.id, layer.since);
    const reserved = database.get('SELECT nano FROM layer_reserved WHERE layer = ?', layer.id);
    return { ...layer, spent: Number(spent?.['nano'] ?? 0), reserved: Number(reserved?.['nano'] ?? 0) };
  };

  const addReserved = (layers: readonly string[], nano: number) => {
    for (const layer of layers) {
      database.run(
        'INSERT INTO layer_reserved (layer, nano) VALUES (?, ?) ON CONFLICT (layer) DO UPDATE SET nano = nano + excluded.nano',
        layer,
        nano,
      );
    }
  };

  const insert = (reservation: Reservation) => {
    database.run(
      'INSERT INTO reservations (id, layers, nano, day, created_at, generation) VALUES (?, ?, ?, ?, ?, ?)',
      reservation.id,
      JSON.stringify(reservation.layers),
      reservation.nano,
      reservation.day,
      reservation.createdAt,
      JSON.stringify(reservation.generation),
    );
    addReserved(reservation.layers, reservation.nano);
  };

  const take = (id: string): OpenReservation | null => {
    const row = database.get('DELETE FROM reservations WHERE id = ? RETURNING *', id);
    if (!row) return null;
    const reservation = reservationOf(row);
    addReserved(reservation.layers, -reservation.nano);
    return reservation;
  };

  const charge = (reservation: Reservation, nano: number) => {
    for (const layer of reservation.layers) {
      for (const day of [reservation.day, LIFETIME]) {
        database.run(
          'INSERT INTO layer_spent (layer, day, nano) VALUES (?, ?, ?) ON CONFLICT (layer, day) DO UPDATE SET nano = nano + excluded.nano',
          layer,
          day,
          nano,
        );
      }
    }
  };

  const record = (reservation: Reservation, end: GenerationEnd) => {
    const { generation: start } = reservation;
    database.run(
      `INSERT INTO generations (id, created_at, key_id, workspace_id, model, provider, preset_slug, nano, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      reservation.id,
      reservation.createdAt,
      start.keyId,
      start.workspaceId,
      end.model,
      end.provider,
      start.presetSlug,
      end.nano,
      JSON.stringify({ ...start, ...end }),
    );
    database.run(
      `INSERT INTO usage (day, key_id, workspace_id, preset, model, provider, requests, nano, prompt_tokens, completion_tokens, last_used_at)
       VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
       ON CONFLICT (key_id, day, preset, model, provider) DO UPDATE SET requests = requests + 1, nano = nano + excluded.nano,
         prompt_tokens = prompt_tokens + excluded.prompt_tokens,
         completion_tokens = completion_tokens + excluded.completion_tokens,
         last_used_at = max(last_used_at, excluded.last_used_at)`,
      reservation.day,
      start.keyId,
      start.workspaceId,
      start.presetSlug ?? '',
      end.model ?? start.requestedModel,
      end.provider ?? '',
      end.nano,
      end.promptTokens,
      end.completionTokens,
      reservation.createdAt,
    );
  };

  return {
    reserve: (layers, decide) =>
      database.write(() => {
        const { reservation, verdict } = decide(layers.map(standing));
        if (reservation) insert(reservation);
        return verdict;
      }),
    markSent: (id) =>
      database.write(() => {
        database.run('UPDATE reservations SET sent = 1 WHERE id = ?', id);
      }),
    checkpoint: (id, checkpoint) =>
      database.write(() => {
        database.run('UPDATE reservations SET checkpoint = ? WHERE id = ?', JSON.stringify(checkpoint), id);
      }),
    settle: (id, end) =>
      database.write(() => {
        const reservation = take(id);
        if (!reservation) return false;
        charge(reservation, end.nano);
        record(reservation, end);
        return true;
      }),
    release: (id) =>
      database.write(() => {
        take(id);
      }),
    open: async () => database.all('SELECT * FROM reservations ORDER BY created_at').map(reservationOf),
    standings: async (layers) => layers.map(standing),
  };
}
