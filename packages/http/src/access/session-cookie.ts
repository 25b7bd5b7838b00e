import type { FastifyReply } from 'fastify'

/** The cookie that carries a browser's session. */
export const sessionCookie = 'colophon_session'

/** Gives the browser its session for `maxAgeSeconds`: HttpOnly, SameSite=Lax, and Secure where HTTPS is used. */
export function setSessionCookie(reply: FastifyReply, value: string, maxAgeSeconds: number): void {
  reply.setCookie(sessionCookie, value, { ...attributes(reply), maxAge: maxAgeSeconds })
}

/** Takes the session from the browser. */
export function clearSessionCookie(reply: FastifyReply): void {
  reply.clearCookie(sessionCookie, attributes(reply))
}

function attributes(reply: FastifyReply) {
  const secure = reply.server.isPublicHttps || reply.request.protocol === 'https'
  return { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
}
