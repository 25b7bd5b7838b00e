import { type Setting, text } from '@colophon/runtime'

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

const code = text('CURRENCY', {
  default: 'EUR',
  help: 'The currency the shop sells in, by its ISO 4217 code.',
})

const currency: Setting<string> = {
  ...code,
  parse(given) {
    if (!currencies.has(given)) throw new Error('the ISO 4217 code of a currency in use, such as EUR')
    return given
  },
}

/** The catalogue's settings. */
export const catalogSettings = { currency }
