import type { FastifyReply } from 'fastify'

/** Adds the name of a request header to those that the answer depends on (RFC 9110, section 12.5.5), once. */
export function addVary(reply: FastifyReply, name: string): void {
  const named = String(reply.getHeader('vary') ?? '')
  const names = named.split(',').map((one) => one.trim().toLowerCase())
  if (!names.includes(name.toLowerCase())) reply.header('vary', named === '' ? name : `${named}, ${name}`)
}
