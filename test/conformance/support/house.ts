import { FakeProvider, type Received } from '../../support/fake-provider.ts';
import { TestDaemon } from '../../support/test-daemon.ts';
import { type Behaviour, type Seen, type Speaker, teach } from './script.ts';

export const WEATHER = { id: 'call_oslo', name: 'weather', arguments: '{"city":"Oslo"}' } as const;
export const BERGEN = { id: 'call_bergen', name: 'weather', arguments: '{"city":"Bergen"}' } as const;
export const VERDICT = { city: 'Oslo', degrees: 4 } as const;
const WORDS = ['Hello', ' there', ', friend', '.'];

/** What each model of the house does. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  plain: () => ({ pieces: WORDS }),
  // Calls the tool, and says what it was told.
  tools: ({ turns }) => {
    const result = turns.find((turn) => turn.startsWith(`result ${WEATHER.id}: `));
    if (!result) return { calls: [WEATHER] };
    return { pieces: ['It is ', result.slice(`result ${WEATHER.id}: `.length), '.'] };
  },
  // Calls twice at once, after a word, and wants both results.
  'both-tools': ({ turns }) => {
    const results = turns.filter((turn) => turn.startsWith('result '));
    if (results.length === 0) return { pieces: ['Let me ', 'look.'], calls: [WEATHER, BERGEN] };
    return { pieces: [results.join(' and ')] };
  },
  // Was cut off by its maximum.
  short: () => ({ pieces: ['Once upon a'], cutOff: true }),
  // Has thought before it called, and wants its thoughts back.
  'thinking-tools': ({ turns, signatures }) => {
    if (!turns.some((turn) => turn.startsWith('result '))) {
      return { reasoning: 'They ask for the weather.', signature: 'c2lnbmVk', calls: [WEATHER] };
    }
    return { pieces: [`Signed ${signatures.join()}.`] };
  },
  schema: () => ({ pieces: [JSON.stringify(VERDICT)] }),
  thinks: () => ({ reasoning: 'Let me think.', signature: 'c2lnbmVk', pieces: ['42'] }),
  sees: ({ images }) => ({ pieces: [`I see ${images.length}.`] }),
  slow: () => ({ pieces: Array.from({ length: 1_000 }, (_, index) => `w${index} `), every: 10 }),
  'slow-whole': () => ({ pieces: ['late'], wait: 20_000 }),
  dies: () => ({ pieces: WORDS, dieAfter: 2, every: 5 }),
  breaks: () => ({ pieces: WORDS, errorAfter: 2, every: 5 }),
  busy: () => ({ status: 429, message: 'slow down', headers: { 'retry-after': '7200' } }),
  // Does not say for how long: some clients wait as long as they are told to.
  'busy-now': () => ({ status: 429, message: 'slow down' }),
  down: () => ({ status: 503, message: 'out of order' }),
  'refused-key': () => ({ status: 401, message: 'no such key' }),
  'no-credit': () => ({ status: 402, message: 'pay first' }),
  // Down for the first call of each kind, then up again.
  flaky: (_seen, turn) => (turn === 0 ? { status: 503, message: 'out of order' } : { pieces: WORDS }),
  shared: () => ({ pieces: ['one'] }),
};

/** A daemon with two providers of one dialect. `lab/shared` is at both, twice as dear at `two`; all else is at `one`. */
export class House {
  readonly daemon: TestDaemon;
  readonly one: FakeProvider;
  readonly two: FakeProvider;
  readonly #speaker: Speaker;

  constructor(daemon: TestDaemon, one: FakeProvider, two: FakeProvider, speaker: Speaker) {
    this.daemon = daemon;
    this.one = one;
    this.two = two;
    this.#speaker = speaker;
  }

  static async open(speaker: Speaker): Promise<House> {
    const one = await FakeProvider.start();
    const two = await FakeProvider.start();
    const daemon = await TestDaemon.start(
      `providers:\n${providerYaml('one', one, speaker, Object.keys(BEHAVIOURS), 1)}${providerYaml('two', two, speaker, ['shared'], 2)}`,
      { env: { UPSTREAM_KEY: 'sk-upstream' } },
    );
    const house = new House(daemon, one, two, speaker);
    house.reset();
    teach(two, speaker, 'shared', () => ({ pieces: ['two'] }));
    return house;
  }

  /** Every model behaves as if it had never been called. */
  reset(): void {
    for (const [model, behaviour] of Object.entries(BEHAVIOURS)) teach(this.one, this.#speaker, model, behaviour);
  }

  /** What the provider `one` was sent last, and what it made of it. */
  get last(): { readonly received: Received; readonly seen: Seen } {
    const received = this.one.received.at(-1);
    if (!received) throw new Error('the provider was sent nothing');
    return { received, seen: this.#speaker.see(received.body) };
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    await this.one.stop();
    await this.two.stop();
  }
}

function providerYaml(
  slug: string,
  provider: FakeProvider,
  { name, native }: Speaker,
  models: readonly string[],
  price: number,
): string {
  const pricing = `{ prompt: "0.00000${price}", completion: "0.0000${price}" }`;
  const list = models.map(
    (model) =>
      `      - { id: lab/${model}, native: ${native(model)}, context_length: 100000, max_completion_tokens: 4000, pricing: ${pricing} }\n`,
  );
  return `  ${slug}:\n    base_url: ${provider.baseUrl}\n    dialect: ${name}\n    key: env:UPSTREAM_KEY\n    models:\n${list.join('')}`;
}
