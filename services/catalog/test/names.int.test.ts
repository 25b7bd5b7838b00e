import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nameQuery } from '../src/names/name-query.ts'
import { nameWords } from '../src/names/name-words.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

async function finds(name: string, typed: string): Promise<boolean> {
  const { found } = await shop.test.database.one<{ found: boolean }>(
    sql`select ${nameWords(name)}::tsvector @@ ${nameQuery(typed)}::tsquery as found`,
  )
  return found
}

const names: [name: string, typed: string[]][] = [
  ['J. K. Rowling', ['rowling', 'ROWLING J', 'jk rowling', 'j.k. rowling', 'J K Row', 'rowling, j. k.']],
  ['J.R.R. Tolkien', ['jrr tolkien', 'tolkien', 'J. R. R. Tolk']],
  ["Flann O'Brien", ['obrien', "o'brien", 'O’Brien', 'brien', "flann o'br"]],
  ['Gabriel García Márquez', ['garcia marquez', 'GARCÍA', 'marq']],
  ['Søren Kierkegaard', ['soren', 'søren kier']],
  ['Stanisław Lem', ['stanislaw lem', 'STANISŁAW']],
  ['Hauß & Söhne', ['hauss sohne', 'hauß']],
  ['Ægir Œuvre', ['aegir', 'oeuvre', 'ægir']],
  ['Þórður', ['thordur', 'þórður']],
  ['İskender Pala', ['iskender', 'İskender']],
  ['村上春樹', ['村上', '春樹', '村上春樹', '村']],
  ['むらかみ はるき', ['はるき', 'むらかみ']],
  ['วรรณคดี', ['วรรณ']],
  ['김영하', ['김영하', '김영']],
  ['महाश्वेता देवी', ['देवी', 'महाश्वेता']],
  ['نجيب محفوظ', ['محفوظ', 'نَجِيب']],
  ['Όμηρος', ['ομηρος', 'ΟΜΗΡΟΣ', 'όμηρος ']],
  ['D`Arcy ‘Mac’', ['darcy', "d'arcy", 'D’Arcy', 'mac']],
  ['Лев Толстой', ['толстой', 'ЛЕВ Толс']],
  ['FIC028000 Fiction / Science Fiction', ['fic028', 'science fiction', 'FIC028000']],
  ['Smith-Jones, Ann', ['smith jones', 'jones', 'smith-jones', 'smithjones', 'smithjo']],
  ['will.i.am', ['will', 'will.i.am']],
  ['50 Cent', ['50', '50 cent']],
]

describe('the words of a name', () => {
  it.each(names)('%s', async (name, typed) => {
    for (const text of typed) {
      expect([text, await finds(name, text)]).toEqual([text, true])
    }
  })

  it('are all wanted, and whole but for the last', async () => {
    expect(await finds('J. K. Rowling', 'rowling x')).toBe(false)
    expect(await finds('J. K. Rowling', 'row jk')).toBe(false)
    expect(await finds('J. K. Rowling', 'row ')).toBe(false)
    expect(await finds('村上春樹', '村下')).toBe(false)
    expect(await finds('J. K. Rowling', '?!')).toBe(false)
  })

  it('may be none', async () => {
    for (const name of ['', '!!!', '  !  ! ', '¨', "'-'"]) expect(await finds(name, 'a')).toBe(false)
  })
})
