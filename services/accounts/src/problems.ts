import { defineProblems, httpProblem, problems } from '@colophon/http'

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

export function accountNotFound() {
  return accountsProblem('account_not_found', 'there is no such account: look it up in the list of accounts')
}

export function emailTaken(email: string) {
  return accountsProblem('email_taken', `there is an account with the address ${email}: sign in instead`)
}

/** A member of the body that a rule refuses, in the words of a schema's refusal. */
export function refusedField(name: string, code: string, message: string) {
  return httpProblem('validation_failed', `${name} ${message}`, {
    errors: [{ path: `/${name}`, code, message }],
  })
}

/** What an answer of 401 has to carry (RFC 9110 §15.5.2). */
export const challenge = { 'www-authenticate': 'Bearer' }
