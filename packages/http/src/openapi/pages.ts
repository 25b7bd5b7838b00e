import swaggerUi, { type FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import type { App } from '../routes/app.ts'

/** What the documentation's pages may load: nothing from elsewhere. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // Swagger UI sets styles from its script.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Swagger UI at `/docs`, from its package, for everybody: it tells what `/openapi.json` tells. What is tried there
 * sends the session cookie, or a bearer token that is pasted into "Authorize" and remembered by the browser.
 */
export async function addDocs(app: App, title: string): Promise<void> {
  await app.register(async (pages) => {
    pages.decorate('scopeAccess', 'public')
    await pages.register(swaggerUi, optionsOf(title))
  })
}

function optionsOf(title: string): FastifySwaggerUiOptions {
  return {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    theme: {
      title: `${title}: the API`,
      // The bar is for exploring other documents, under another project's logo.
      css: [{ filename: 'own.css', content: '.swagger-ui .topbar { display: none }' }],
    },
    uiConfig: {
      persistAuthorization: true,
      withCredentials: true,
      deepLinking: true,
      docExpansion: 'list',
      filter: true,
      tryItOutEnabled: true,
      validatorUrl: null,
    },
  }
}
