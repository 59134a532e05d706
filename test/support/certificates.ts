import { generate } from 'selfsigned';

export type Certificate = { readonly key: string; readonly cert: string };
export type CertificateOptions = {
  readonly name: string;
  readonly days?: readonly [from: number, to: number];
  readonly issuer?: Certificate;
  readonly isAuthority?: boolean;
};

/** A certificate for a DNS name, its own issuer unless another is given; `days` are counted from now. */
export async function certificate({ name, days = [-1, 1], issuer, isAuthority = false }: CertificateOptions) {
  const at = (offset: number) => new Date(Date.now() + offset * 86_400_000);
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: at(days[0]),
    notAfterDate: at(days[1]),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: isAuthority, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
    ...(issuer ? { ca: issuer } : {}),
  });
  return { key: made.private, cert: made.cert } satisfies Certificate;
}
