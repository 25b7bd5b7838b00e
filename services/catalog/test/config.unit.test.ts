import { readConfig } from '@colophon/runtime'
import { describe, expect, it } from 'vitest'
import { catalogSettings } from '../src/config.ts'

describe('CURRENCY', () => {
  it('is euros unless another is named', () => {
    expect(readConfig(catalogSettings, {}).currency).toBe('EUR')
    expect(readConfig(catalogSettings, { CURRENCY: 'USD' }).currency).toBe('USD')
  })

  it.each(['XXY', 'XXX', 'DEM', 'eur', 'EURO'])('is not %s, which is no currency in use', (CURRENCY) => {
    expect(() => readConfig(catalogSettings, { CURRENCY })).toThrow(/CURRENCY must be the ISO 4217 code/)
  })
})
