import { fine, problem, type Verdict, warning } from './verdict.ts';

/** An answer over HTTP, as far as it was read. `isRight`: it had the shape that was expected. */
export type Answered = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly isRight: boolean;
  readonly firstByteMs: number;
};

export type AskedOf = {
  readonly name: string;
  readonly slug: string;
  /** The variable that its key is read from; null: it is stored. */
  readonly variable: string | null;
  readonly baseUrl: string;
  /** Whether the model is one of several that could be asked for instead. */
  readonly slowMs: number;
};

const REGION =
  /unsupported[ _]country|country, region|not (?:available|supported) in (?:your|this) (?:country|region|location)|location is not supported|region_not_supported|unsupported_region/i;
const WALL =
  /attention required|just a moment|cf-error|cloudflare|access denied|request blocked|you have been blocked/i;
const QUOTA =
  /insufficient_quota|exceeded your current quota|quota exceeded|billing|out of credits?|credit balance|payment/i;
const MODEL =
  /model_not_found|no such model|model[^.]{0,80}(?:does not exist|not found|not exist|not supported|unknown)|not_found_error[^}]*model|no endpoints found/i;
const KEY =
  /api[ _-]?key (?:not valid|is invalid|expired)|invalid[ _-]?(?:x-)?api[ _-]?key|incorrect api key|api_key_invalid/i;

/** What an answer means for people. `model_unknown` may be another's fault than the provider's: the next one can be asked for. */
export function answerVerdict(answer: Answered, asked: AskedOf): Verdict {
  const { status, headers, body } = answer;
  const { name } = asked;
  const said = saidIn(body);
  if (status >= 200 && status < 300) return successVerdict(answer, asked);
  if (status === 407) {
    return problem(
      'proxy_authentication',
      'The proxy wants a user and password (407)',
      'Put them into HTTP_PROXY: http://user:password@host:port.',
    );
  }
  if (status >= 300 && status < 400) {
    const to = typeof headers['location'] === 'string' ? ` to ${headers['location'].slice(0, 200)}` : '';
    return problem(
      'redirected',
      `${asked.baseUrl} redirects${to} (${status})`,
      'Write the address it redirects to as base_url; calls follow no redirects.',
    );
  }
  if (REGION.test(body)) {
    return problem(
      'region_refused',
      `${name} does not serve the place this machine calls from (${status}): ${said}`,
      'Send its calls from an allowed region (HTTPS_PROXY), or name a model of another provider or router as fallback.',
    );
  }
  const isPage = isHtml(answer);
  if (isPage && status !== 404 && (status === 403 || status === 503 || WALL.test(body))) {
    return problem(
      'egress_blocked',
      `A protection in front of ${name} refuses this machine’s address (${status}): it answers with a web page, not with the API`,
      'Shared cloud addresses are often blocked: run the daemon elsewhere, or set HTTPS_PROXY to an address of your own.',
    );
  }
  const setKey = `Set a working key: ${keyPlace(asked)}.`;
  if (status === 401 || (status < 404 && KEY.test(body))) {
    return problem('key_rejected', `${name} does not know the daemon’s key (${status}): ${said}`, setKey);
  }
  if (status === 402) {
    return problem(
      'no_credit',
      `${name} asks for payment (402): ${said}`,
      'Add credit to the account; if the same key works from another place, this address is the cause: route around it with HTTPS_PROXY or another provider.',
    );
  }
  if (status === 403) {
    return problem(
      'key_forbidden',
      `${name} knows the key, and does not let it do this (403): ${said}`,
      `Give the key the right to call models at ${name}, or set another: ${keyPlace(asked)}.`,
    );
  }
  if (status === 404 || status === 405) return notFoundVerdict(answer, asked, said, isPage);
  if (status === 429) {
    return QUOTA.test(body)
      ? problem(
          'quota_exhausted',
          `The quota of the account at ${name} is used up (429): ${said}`,
          `Raise the quota or add credit at ${name}.`,
        )
      : warning(
          'rate_limited',
          `${name} limits how often it is called (429): ${said}`,
          `${retryIn(headers)}Ask ${name} for higher limits, or add a fallback model.`,
        );
  }
  if (status === 400 && QUOTA.test(body)) {
    return problem('no_credit', `${name} asks for payment (400): ${said}`, `Add credit to the account at ${name}.`);
  }
  if (status >= 500) {
    return problem(
      'provider_down',
      `${name} fails by itself (${status}): ${said}`,
      `Look at the status page of ${name}, and add a fallback model meanwhile.`,
    );
  }
  if (MODEL.test(body)) return modelUnknown(name, status, said);
  return warning(
    'request_refused',
    `${name} was reached and took the key, but refused the request (${status}): ${said}`,
    'See whether base_url and dialect in config.yaml are those of this server.',
  );
}

function successVerdict(answer: Answered, { name, baseUrl, slowMs }: AskedOf): Verdict {
  if (!answer.isRight) {
    const what = isHtml(answer) ? 'a web page' : 'something that is no completion';
    return problem(
      'wrong_dialect',
      `${name} answers with ${what}`,
      `Correct base_url (${baseUrl}), which most often ends in /v1, or dialect, in config.yaml.`,
    );
  }
  const seconds = (answer.firstByteMs / 1000).toFixed(1);
  return answer.firstByteMs > slowMs
    ? warning(
        'slow',
        `${name} works, but took ${seconds} s to the first byte`,
        'Try again later or from elsewhere; `provider: {sort: latency}` or a variant :nitro prefers faster endpoints.',
      )
    : fine(`answers in ${seconds} s`);
}

function notFoundVerdict(answer: Answered, { name, baseUrl }: AskedOf, said: string, isPage: boolean): Verdict {
  if (!isPage && MODEL.test(answer.body)) return modelUnknown(name, answer.status, said);
  const hasVersion = /\/v\d+(?:[a-z]+\d*)?(?:\/|$)/.test(new URL(baseUrl).pathname);
  return problem(
    'wrong_path',
    `${name} has nothing at ${baseUrl} (${answer.status}): ${said}`,
    hasVersion
      ? 'Correct base_url in config.yaml.'
      : 'base_url in config.yaml lacks its version segment, most often /v1.',
  );
}

function modelUnknown(name: string, status: number, said: string): Verdict {
  return warning(
    'model_unknown',
    `${name} was reached and took the key, but does not serve the model that was asked for (${status}): ${said}`,
    'Check with a model you use: `callgate run`, or name it under models in config.yaml.',
  );
}

export function isHtml({ headers, body }: Pick<Answered, 'headers' | 'body'>): boolean {
  return (
    String(headers['content-type'] ?? '').includes('text/html') || /^\s*<(?:!doctype|html|head|body)\b/i.test(body)
  );
}

/** The provider's own words, short and on one line. */
function saidIn(body: string): string {
  let text = body;
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown };
    const { error } = parsed;
    const found = typeof error === 'object' ? error?.message : (error ?? parsed.message ?? parsed.detail);
    if (typeof found === 'string') text = found;
  } catch {
    const title = /<title>([^<]{1,200})/i.exec(body)?.[1];
    text = title ?? body.replace(/<[^>]*>/g, ' ');
  }
  const line = text.replace(/\s+/g, ' ').trim();
  return line === '' ? 'it says nothing more' : line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function retryIn(headers: Answered['headers']): string {
  const after = headers['retry-after'];
  return typeof after === 'string' && /^\d{1,6}$/.test(after) ? `Try again in ${after} s. ` : '';
}

/** Where a key is set for good. */
const keyPlace = ({ slug, variable }: AskedOf): string =>
  variable === null ? `\`callgate providers set-key ${slug}\`` : `${variable}, where the daemon is started`;
