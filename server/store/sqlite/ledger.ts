import type { GenerationEnd, Layer, LayerStanding, LedgerStore, Reservation } from '../store.ts';
import type { Database } from './database.ts';
import { OpenReservations } from './open-reservations.ts';

const LIFETIME = '*';

export function sqliteLedger(database: Database): LedgerStore {
  const open = new OpenReservations(database);

  const standing = (layer: Layer): LayerStanding => {
    const spent =
      layer.since === null
        ? database.get('SELECT nano FROM layer_spent WHERE layer = ? AND day = ?', layer.id, LIFETIME)
        : // '*' sorts before every digit, so the lifetime row is never among the days.
          database.get('SELECT sum(nano) AS nano FROM layer_spent WHERE layer = ? AND day >= ?', layer.id, layer.since);
    return { ...layer, spent: Number(spent?.['nano'] ?? 0), reserved: open.reserved(layer.id) };
  };
  /** A layer without a limit refuses nothing, whatever it has spent. */
  const standingToDecide = (layer: Layer): LayerStanding =>
    layer.limit === null ? { ...layer, spent: 0, reserved: 0 } : standing(layer);

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
        const { reservation, verdict } = decide(layers.map(standingToDecide));
        if (reservation) open.add(reservation);
        return verdict;
      }),
    checkpoint: (id, checkpoint) => database.write(() => open.checkpoint(id, checkpoint)),
    settle: (id, end) =>
      database.write(() => {
        const reservation = open.take(id);
        if (!reservation) return false;
        charge(reservation, end.nano);
        record(reservation, end);
        return true;
      }),
    release: (id) =>
      database.write(() => {
        open.take(id);
      }),
    open: async () => open.all(),
    standings: async (layers) => layers.map(standing),
  };
}
