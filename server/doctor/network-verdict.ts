import type { NetworkFailure } from './network.ts';
import { problem, type Verdict } from './verdict.ts';

const CLOCK = 'Set the clock of this machine right, or, if it is, tell whoever runs the server.';
const TRUST =
  'If it belongs to your network (a proxy that opens TLS), start the daemon with NODE_EXTRA_CA_CERTS=/path/to/its-ca.pem.';

/** What a failure on the way means for people. `proxy` is the proxy's address and the variable that names it. */
export function networkVerdict(
  failed: NetworkFailure,
  host: string,
  proxy: { readonly address: string; readonly variable: string } | null,
): Verdict {
  const { step, code, detail, issuer } = failed;
  const at = proxy ? `the proxy ${proxy.address} (${proxy.variable})` : host;
  switch (step) {
    case 'dns':
      return dnsVerdict(code, host);
    case 'proxy_dns':
    case 'proxy_connect':
      return problem(
        'proxy_unreachable',
        `${at} cannot be reached: ${detail}`,
        `Correct or unset ${proxy?.variable ?? 'HTTPS_PROXY'} where the daemon is started, or list ${host} in NO_PROXY.`,
      );
    case 'proxy':
      return code === '407'
        ? proxyAuthentication(at, proxy?.variable ?? 'HTTPS_PROXY', proxy?.address ?? 'host:port')
        : problem(
            'proxy_refused',
            `${at} does not let calls through to ${host}: ${detail}`,
            `Ask whoever runs the proxy to allow ${host}, or list it in NO_PROXY if it can be reached without.`,
          );
    case 'connect':
      return connectVerdict(code, detail, host);
    case 'tls':
      return tlsVerdict(code, detail, host, issuer);
  }
}

export function proxyAuthentication(at: string, variable: string, address: string): Verdict {
  const remedy = `Put them into ${variable}: http://user:password@${address}.`;
  return problem('proxy_authentication', `${at} wants a user and password (407)`, remedy);
}

function dnsVerdict(code: string, host: string): Verdict {
  return code === 'ENOTFOUND' || code === 'ENODATA'
    ? problem('dns_unknown_name', `The name ${host} does not exist in DNS`, 'Correct base_url, or this machine’s DNS.')
    : problem(
        'dns_failed',
        `The name ${host} could not be looked up: ${code}`,
        'Check that this machine (or container) has a network and a DNS server it can reach.',
      );
}

function connectVerdict(code: string, detail: string, host: string): Verdict {
  switch (code) {
    case 'ECONNREFUSED':
      return problem(
        'connection_refused',
        `Nothing listens at ${host}`,
        'Start the server, or correct base_url’s port.',
      );
    case 'TIMEOUT':
    case 'ETIMEDOUT':
      return problem(
        'connect_timeout',
        `${host} does not answer: ${detail}`,
        'A firewall most often drops such calls: allow them out, or set HTTPS_PROXY if this network has a proxy.',
      );
    default:
      return problem('unreachable', `${host} cannot be reached: ${detail}`, 'Check this machine’s network and routes.');
  }
}

function tlsVerdict(code: string, detail: string, host: string, issuer: string | null): Verdict {
  const by = issuer ? `, signed by “${issuer}”,` : '';
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return problem('tls_expired', `The certificate of ${host}${by} has expired`, CLOCK);
    case 'CERT_NOT_YET_VALID':
      return problem('tls_not_yet_valid', `The certificate of ${host}${by} is not valid yet`, CLOCK);
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return problem(
        'tls_hostname',
        `The certificate at ${host}${by} is for another name`,
        'Correct the host in base_url; if it is right, something on the way answers in its place.',
      );
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return problem('tls_unknown_authority', `The certificate of ${host}${by} comes from nobody known here`, TRUST);
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'EPROTO':
      return problem(
        'tls_not_spoken',
        `${host} does not speak TLS`,
        'Write http:// in base_url if it is a server of your own.',
      );
    default:
      return problem('tls_failed', `TLS with ${host} failed: ${detail}`, TRUST);
  }
}
