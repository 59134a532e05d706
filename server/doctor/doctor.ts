import type { DoctorEvent, DoctorFinding, DoctorRequest } from '../protocol.ts';
import { outgoingDispatcher } from '../providers/dispatcher.ts';
import type { Provider } from '../providers/provider.ts';
import { type ExamineParts, examine } from './examine.ts';
import { type HouseParts, houseChecks } from './house.ts';
import { fine, problem, type Verdict, warning } from './verdict.ts';

export type DoctorParts = Omit<ExamineParts, 'slowMs' | 'stepMs' | 'answerMs' | 'dispatcher'> & {
  readonly house: HouseParts;
  readonly stepMs?: number;
  readonly answerMs?: number;
};

const SLOW_MS = 3_000;
const STEP_MS = 10_000;
const ANSWER_MS = 60_000;
const AT_ONCE = 4;
/** How far clocks may be apart; certificates and signed requests begin to fail at minutes. */
const MOST_SKEW_MS = 120_000;

/** Looks at the house and at every provider that is set up (or named), and tells as it goes; the report is the last event. */
export async function* examineAll(
  parts: DoctorParts,
  request: DoctorRequest,
  signal: AbortSignal,
): AsyncGenerator<DoctorEvent, void, undefined> {
  // Connections of its own: one that is kept alive tells nothing about whether a new one can be made.
  const dispatcher = outgoingDispatcher(parts.env, { connect: { timeout: parts.stepMs ?? STEP_MS } });
  try {
    yield* examineBy({ ...parts, dispatcher }, request, signal);
  } finally {
    await dispatcher.destroy();
  }
}

async function* examineBy(
  parts: DoctorParts & Pick<ExamineParts, 'dispatcher'>,
  request: DoctorRequest,
  signal: AbortSignal,
): AsyncGenerator<DoctorEvent, void, undefined> {
  const findings: DoctorFinding[] = [];
  const ahead: number[] = [];
  const house = houseChecks(parts.house, request.deep ?? false).map(({ name, look }) => ({
    name,
    look: async () => (await look()).map((verdict) => finding('house', name, verdict)),
  }));
  const examineParts: ExamineParts = {
    ...parts,
    slowMs: request.slow_ms ?? SLOW_MS,
    stepMs: parts.stepMs ?? STEP_MS,
    answerMs: parts.answerMs ?? ANSWER_MS,
  };
  const providers = chosen(parts, request).map((provider) => ({
    name: provider.slug,
    look: async () => {
      const { verdict, tried, aheadMs } = await examine(examineParts, provider, signal);
      if (aheadMs !== null) ahead.push(aheadMs);
      return [{ ...finding('provider', provider.slug, verdict), tried }];
    },
  }));
  for (const [about, looks] of [
    ['house', house],
    ['provider', providers],
  ] as const) {
    for await (const event of atOnce(about, looks, signal)) {
      if (event.kind === 'found') findings.push(event.finding);
      yield event;
    }
  }
  for (const verdict of clockVerdicts(ahead)) {
    const clock = finding('house', 'clock', verdict);
    findings.push(clock);
    yield { kind: 'found', finding: clock };
  }
  const order = [...house, ...providers].map(({ name }) => name);
  const place = ({ name }: DoctorFinding) => (name === 'clock' ? house.length - 0.5 : order.indexOf(name));
  findings.sort((a, b) => place(a) - place(b));
  yield {
    kind: 'report',
    report: {
      checked_at: parts.now().toISOString(),
      ok: findings.every(({ status }) => status !== 'problem'),
      cost: findings.reduce((sum, { tried }) => sum + (tried?.cost ?? 0), 0),
      findings,
    },
  };
}

/** Named ones, keys or not; else those with a key, or without need of one. The sandbox is the daemon itself. */
function chosen({ providers }: DoctorParts, { providers: slugs }: DoctorRequest): readonly Provider[] {
  if (slugs) return providers.list().filter(({ slug }) => slugs.includes(slug));
  return providers
    .list()
    .filter((provider) => provider.key.kind !== 'internal')
    .filter((provider) => providers.keyOf(provider) !== undefined || providers.keyStanding(provider) === 'damaged');
}

type Look = { readonly name: string; readonly look: () => Promise<readonly DoctorFinding[]> };

/** Several at a time; tells what is begun and what has been found, as it comes. */
async function* atOnce(
  about: DoctorFinding['about'],
  looks: readonly Look[],
  signal: AbortSignal,
): AsyncGenerator<DoctorEvent, void, undefined> {
  const waiting = [...looks];
  const running = new Map<string, Promise<{ readonly name: string; readonly found: readonly DoctorFinding[] }>>();
  while ((waiting.length > 0 && !signal.aborted) || running.size > 0) {
    while (running.size < AT_ONCE && waiting.length > 0 && !signal.aborted) {
      const next = waiting.shift();
      if (!next) break;
      yield { kind: 'checking', name: next.name };
      running.set(
        next.name,
        next.look().then(
          (found) => ({ name: next.name, found }),
          (error: unknown) => ({ name: next.name, found: [finding(about, next.name, failed(error))] }),
        ),
      );
    }
    const { name, found } = await Promise.race(running.values());
    running.delete(name);
    for (const one of found) yield { kind: 'found', finding: one };
  }
}

const failed = (error: unknown): Verdict =>
  problem(
    'check_failed',
    `could not be examined: ${error instanceof Error ? error.message : error}`,
    'See the daemon log.',
  );

function clockVerdicts(ahead: readonly number[]): readonly Verdict[] {
  const middle = [...ahead].sort((a, b) => a - b)[Math.floor(ahead.length / 2)];
  if (middle === undefined) return [];
  const seconds = Math.round(Math.abs(middle) / 1000);
  if (Math.abs(middle) <= MOST_SKEW_MS) return [fine('agrees with the providers’')];
  const way = middle > 0 ? 'ahead of' : 'behind';
  return [
    warning(
      'clock_skew',
      `is ${seconds} s ${way} the providers’`,
      'Set the clock of this machine by the network (NTP): windows of limits and certificates go by it.',
    ),
  ];
}

const finding = (about: DoctorFinding['about'], name: string, verdict: Verdict): DoctorFinding => ({
  about,
  name,
  ...verdict,
  tried: null,
});
