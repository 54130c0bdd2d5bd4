// A certified OpenID Connect provider on a free loopback port, for tests. Its address is the first line on standard
// output. Whoever signs in by a name is that person: `mail-NAME` has an unverified e-mail address, others a verified one.

import http from 'node:http';
import { Provider } from 'oidc-provider';

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'waypoint',
        client_secret: 'a secret: with / signs+',
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/oidc/callback'],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: process.argv[2] ?? 'client_secret_basic',
      },
    ],
    clientAuthMethods: [process.argv[2] ?? 'client_secret_basic'],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups', 'level'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id.replace('mail-', '')}@example.com`,
        email_verified: !id.startsWith('mail-'),
        name: `${id} of Example`,
        groups: id === 'mallory' ? ['guests'] : ['staff', ''],
        level: 3.7,
      }),
    }),
    cookies: { keys: ['for tests only'] },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
