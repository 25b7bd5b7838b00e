import { text } from '@colophon/runtime'

/** The catalogue's settings. */
export const catalogSettings = {
  currency: text('CURRENCY', {
    default: 'EUR',
    pattern: /^[A-Z]{3}$/,
    must: 'an ISO 4217 code such as EUR',
    help: 'The currency the shop sells in, by its ISO 4217 code.',
  }),
}
