import type { App } from '@colophon/http'
import Type from 'typebox'
import type { AccountsDeps } from '../deps.ts'

const PublicKey = Type.Object(
  {
    kty: Type.String(),
    crv: Type.String(),
    x: Type.String(),
    y: Type.String(),
    kid: Type.String(),
    alg: Type.String(),
    use: Type.String(),
  },
  { title: 'PublicKey', description: 'A JSON Web Key (RFC 7517)' },
)

/** GET /.well-known/jwks.json: the keys that verify access tokens. */
export function getJwksRoute(app: App, { keys }: AccountsDeps): void {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Tokens'],
        operationId: 'getJwks',
        summary: 'The public keys that verify access tokens',
        response: { 200: Type.Object({ keys: Type.Array(PublicKey) }, { title: 'PublicKeys' }) },
      },
    },
    async (_request, reply) => {
      // Shorter than a retired key is published, and a new one is looked up by its unknown id.
      reply.header('cache-control', 'public, max-age=300')
      return { keys: await keys.published() }
    },
  )
}
