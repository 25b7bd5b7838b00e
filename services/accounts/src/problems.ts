import { defineProblems, problems } from '@colophon/http'

/** What this service refuses. */
export const accountsProblems = defineProblems({
  invalid_credentials: { status: 401, title: 'The e-mail address or the password is wrong' },
  invalid_refresh_token: { status: 401, title: 'The refresh token is not good any more' },
  wrong_password: { status: 403, title: 'The current password is wrong' },
  account_not_found: { status: 404, title: 'There is no such account' },
  email_taken: { status: 409, title: 'There is an account with this e-mail address' },
  last_admin: { status: 409, title: 'The last admin cannot lose that role' },
  role_not_held: { status: 409, title: 'The account does not hold this role' },
})

export const accountsProblem = problems(accountsProblems)

/** What an answer of 401 has to carry (RFC 9110 §15.5.2). */
export const challenge = { 'www-authenticate': 'Bearer' }
