import { type Settings, text } from '@colophon/runtime'
import { parseEmail } from './accounts/email.ts'
import { secretKeyPattern } from './keys/key-wrap.ts'
import { passwordFlaw } from './passwords/password-rule.ts'

/** The settings of this service, for `readConfig` of @colophon/runtime. */
export const accountsSettings = {
  secretKey: text('SECRET_KEY', {
    help: 'Wraps the keys that sign tokens: 32 random bytes in base64url. Keep it: without it they cannot be read.',
    default: undefined,
    shown: 'made in the data folder when embedded',
    secret: true,
    pattern: secretKeyPattern,
    must: '32 random bytes in base64url (43 characters), such as `openssl rand -base64 32 | tr +/ -_ | tr -d =` makes',
  }),
  adminEmail: {
    ...text('ADMIN_EMAIL', {
      help: 'The e-mail address of the first admin, whose account is made when there is no admin.',
      default: 'admin@example.com',
    }),
    parse: adminEmail,
  },
  adminPassword: {
    ...text('ADMIN_PASSWORD', {
      help: 'The password the first admin starts with, of 15 characters or more; of no effect once there is an admin.',
      default: undefined,
      shown: 'made and shown once',
      secret: true,
    }),
    parse: adminPassword,
  },
} satisfies Settings

function adminEmail(given: string): string {
  const email = parseEmail(given)
  if (!email) throw new Error('an e-mail address')
  return email.address
}

function adminPassword(given: string): string {
  const flaw = passwordFlaw(given, { email: '', roles: ['admin'] })
  if (flaw) throw new Error(`a better password: it ${flaw.message}`)
  return given
}
