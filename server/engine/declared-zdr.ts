import type { Provider } from '../providers/provider.ts';
import type { Endpoint } from '../providers/registry.ts';

/**
 * Why an endpoint may not serve a request, or what of it may: some of its keys may be of accounts that keep less, or more, than the
 * provider is known for (`declared_zdr`), and are judged by what is said of them. No key is exempt from any other rule.
 */
export function admittedKeys(
  endpoint: Endpoint,
  whyNot: (endpoint: Endpoint) => string | null,
): { readonly endpoint: Endpoint; readonly why: string | null } {
  const { credentials, provider } = endpoint;
  if (!credentials?.some(({ declaredZdr }) => declaredZdr !== undefined)) return { endpoint, why: whyNot(endpoint) };
  const verdicts = new Map<boolean | undefined, string | null>();
  const verdict = (declaredZdr: boolean | undefined) => {
    let why = verdicts.get(declaredZdr);
    if (why === undefined) {
      why = whyNot(declaredZdr === undefined ? endpoint : { ...endpoint, provider: declared(provider, declaredZdr) });
      verdicts.set(declaredZdr, why);
    }
    return why;
  };
  const admitted = credentials.filter(({ declaredZdr }) => verdict(declaredZdr) === null);
  if (admitted.length === credentials.length) return { endpoint, why: null };
  if (admitted.length > 0) return { endpoint: { ...endpoint, credentials: admitted }, why: null };
  const [first] = credentials;
  return { endpoint, why: verdict(first?.declaredZdr) };
}

/** The provider as a key's owner declares it: the same object each time, by which its verdicts are remembered. */
function declared(provider: Provider, declaredZdr: boolean): Provider {
  let variants = known.get(provider);
  if (!variants) {
    variants = new Map([true, false].map((said) => [said, { ...provider, declaredZdr: said }]));
    known.set(provider, variants);
  }
  return variants.get(declaredZdr) ?? provider;
}
const known = new WeakMap<Provider, ReadonlyMap<boolean, Provider>>();
