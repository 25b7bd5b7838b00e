import { iso6393To1 } from 'iso-639-3/iso6393-to-1.js'
import { iso6393To2B } from 'iso-639-3/iso6393-to-2b.js'
import { iso6393To2T } from 'iso-639-3/iso6393-to-2t.js'

/** ISO 639-2's codes for groups of languages, which ISO 639-3 leaves out. */
const collective = (
  'afa alg apa art ath aus bad bai bat ber bih bnt btk cai cau cel cmc cpe cpf cpp crp cus day dra fiu gem ijo inc ' +
  'ine ira iro kar khi kro map mkh mno mun myn nah nai nic nub oto paa phi pra roa sai sal sem sgn sio sit sla smi ' +
  'son ssa tai tup tut wak wen ypk znd him'
).split(' ')

/** From every known spelling of a language's code, in lower case, to its ISO 639-2/B code. */
const codes = new Map<string, string>(collective.map((code) => [code, code]))
for (const [code3, bibliographic] of Object.entries(iso6393To2B)) {
  codes.set(bibliographic, bibliographic)
  const terminological = iso6393To2T[code3]
  if (terminological) codes.set(terminological, bibliographic)
  const code1 = iso6393To1[code3]
  if (code1) codes.set(code1, bibliographic)
}

/**
 * The ISO 639-2/B code of a language given as ISO 639-1 (`de`), 639-2/T (`deu`), 639-2/B (`ger`) or a
 * BCP 47 tag with a region or script (`de-AT`, `en_US`); undefined when it is none of them.
 */
export function bibliographicLanguage(code: string): string | undefined {
  const [language = ''] = code.trim().toLowerCase().split(/[-_]/)
  return codes.get(language)
}
