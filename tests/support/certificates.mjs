// Certificates made by the openssl program, so that Croft's TLS is tested against somebody else's, broken ones included.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './croft.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

const day = 86_400_000;
const stamp = (days) => new Date(Date.now() + days * day).toISOString().replace(/[-:T]/g, '').replace(/\.\d+/, '');

/** An authority of its own: {ca, issue()}. `ca` is the file to trust. */
export function makeAuthority(name = 'A test authority') {
  const directory = temporaryDirectory();
  const file = (what) => join(directory, what);
  const config = file('ca.cnf');
  writeFileSync(file('index'), '');
  writeFileSync(config, `[ca]
default_ca = here
[here]
database = ${file('index')}
new_certs_dir = ${directory}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`);
  const ca = file('ca.pem');
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', `/CN=${name}`, '-keyout', file('ca.key'), '-out', ca);
  let issued = 0;
  return {
    ca,
    /** A server certificate, valid between two days counted from now: {certificate, key}. */
    issue({ names = ['DNS:localhost', 'IP:127.0.0.1'], from = -1, to = 30 } = {}) {
      const [key, request, certificate, extensions] = ['key', 'csr', 'pem', 'ext'].map((kind) => file(`server${++issued}.${kind}`));
      openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=a test server', '-keyout', key, '-out', request);
      writeFileSync(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
      openssl('ca', '-batch', '-config', config, '-cert', ca, '-keyfile', file('ca.key'), '-in', request, '-out', certificate, '-notext',
        '-startdate', stamp(from), '-enddate', stamp(to), '-extfile', extensions);
      return { certificate, key };
    },
  };
}
