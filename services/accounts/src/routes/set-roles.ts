import { type App, anyOf, etagOf, requireMatch, uuid } from '@colophon/http'
import Type from 'typebox'
import { setRoles } from '../accounts/set-roles.ts'
import type { AccountsDeps } from '../deps.ts'
import { Account, bodyOf, Roles } from '../schemas.ts'

/** PUT /api/accounts/{id}/roles: an admin decides what an account may be. */
export function setRolesRoute(app: App, deps: AccountsDeps): void {
  app.put(
    '/api/accounts/:id/roles',
    {
      config: {
        access: anyOf('admin'),
        problems: ['account_not_found', 'last_admin', 'precondition_required', 'precondition_failed'],
      },
      schema: {
        tags: ['Accounts'],
        operationId: 'setRoles',
        summary: 'Give an account exactly these roles',
        description:
          'If-Match is the `version` in the list of accounts, in quotation marks. Sessions have the roles at once; an ' +
          'access token keeps those it was signed with until it expires, after 15 minutes, and the next refresh ' +
          'brings the new ones. Roles that it has already change nothing. Tokens made for scripts on the command line, to live longer than that, end within ' +
          '15 seconds.',
        params: Type.Object({ id: uuid() }),
        body: bodyOf({ roles: Roles }),
        response: { 200: Account },
      },
    },
    async (request, reply) => {
      const { accountId } = request.requireIdentity()
      const { params, body } = request
      const account = await setRoles(deps, { id: params.id }, body.roles, accountId, (version) =>
        requireMatch(request, version),
      )
      reply.header('etag', etagOf(account.version))
      return account
    },
  )
}
