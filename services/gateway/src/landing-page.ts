import { type App, addVary, prefersPage } from '@colophon/http'

const links = [
  { href: '/docs', text: 'Try the API in the browser' },
  { href: '/openapi.json', text: 'The API as an OpenAPI document' },
  { href: '/api/books', text: 'The books' },
] as const

const description = "A bookshop's backend."

/** GET /: what this is and where to go on, as a page for browsers and as JSON for everything else. */
export function addLandingPage(app: App, version: string): void {
  app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const here = links.filter(({ href }) => app.hasRoute({ method: 'GET', url: href }))
    addVary(reply, 'accept')
    const wantsPage = prefersPage(request.headers.accept ?? '')
    if (wantsPage) return reply.type('text/html; charset=utf-8').send(pageOf(here))
    return reply.send({ name: 'Colophon', version, description, links: here })
  })
}

function pageOf(here: readonly { href: string; text: string }[]): string {
  const items = here.map(({ href, text }) => `      <li><a href="${href}">${text}</a></li>`)
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Colophon</title>
  </head>
  <body>
    <h1>Colophon</h1>
    <p>${description}</p>
    <ul>
${items.join('\n')}
    </ul>
  </body>
</html>
`
}
