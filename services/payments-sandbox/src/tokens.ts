/** How the sandbox behaves to a charge, by its token. */
export interface Behaviour {
  /** For the documentation. */
  readonly means: string
  readonly outcome: 'charged' | 'declined' | 'pending'
  /** Why it is declined. */
  readonly reason: string
  /** How the request fails before anything is done. */
  readonly failure: 'none' | 'every_third' | 'no_answer_once'
  /** How the request that made the charge is answered. Whoever asks again is answered at once. */
  readonly answer: 'at_once' | 'late' | 'never'
  /** How often the webhook that tells of it is sent. */
  readonly webhooks: number
  /** What it takes beyond what is asked for, in minor units. */
  readonly surplus: number
  /** How often each refund of it fails before it is made. */
  readonly refundFailures: number
  /** Whether every refund of it is refused for good. */
  readonly refusesRefunds: boolean
}

const approving: Omit<Behaviour, 'means'> = {
  outcome: 'charged',
  reason: '',
  failure: 'none',
  answer: 'at_once',
  webhooks: 1,
  surplus: 0,
  refundFailures: 0,
  refusesRefunds: false,
}

function declining(reason: string): Omit<Behaviour, 'means'> {
  return { ...approving, outcome: 'declined', reason }
}

/** Every token that decides something. */
export const tokens: ReadonlyMap<string, Behaviour> = new Map(
  Object.entries<Behaviour>({
    tok_approve: { ...approving, means: 'takes the money' },
    tok_decline: { ...declining('the card was declined'), means: 'declines' },
    tok_decline_funds: {
      ...declining('there is not enough money'),
      means: 'declines, for want of money',
    },
    tok_timeout_after_charge: {
      ...approving,
      answer: 'never',
      means: 'takes the money, and never answers the request that did it',
    },
    tok_timeout_before: {
      ...approving,
      failure: 'no_answer_once',
      means: 'does nothing and never answers, the first time; takes the money when asked again',
    },
    tok_late: { ...approving, answer: 'late', means: 'takes the money, and answers after some seconds' },
    tok_twice: { ...approving, webhooks: 2, means: 'takes the money, and sends its webhook twice' },
    tok_webhook_only: {
      ...approving,
      outcome: 'pending',
      means: 'answers 202 and `pending`; takes the money some seconds later, and tells so by webhook',
    },
    tok_flaky: {
      ...approving,
      failure: 'every_third',
      means:
        'takes the money; of all new charges with it, every third request fails with 500 and does nothing',
    },
    tok_refund_flaky: {
      ...approving,
      refundFailures: 2,
      means: 'takes the money; each refund of it fails with 500 twice before it is made',
    },
    tok_refund_refused: {
      ...approving,
      refusesRefunds: true,
      means: 'takes the money; each refund of it is refused with 409 `refund_refused`',
    },
    tok_other_amount: {
      ...approving,
      surplus: 100,
      means: 'takes a hundred minor units more than it is asked for',
    },
  }),
)

/** What any other token stands for: a card that nobody has. */
const stranger: Behaviour = {
  ...declining('no card is known by this token'),
  means: 'declines, as a token that no card is known by',
}

export function behaviourOf(token: string): Behaviour {
  return tokens.get(token) ?? stranger
}

/** The tokens as a Markdown table: for the API's description and docs/payments.md. */
export function tokenTable(): string {
  const rows = [...tokens, ['any other', stranger] as const].map(
    ([token, { means }]) => `| ${tokens.has(token) ? `\`${token}\`` : token} | ${means} |`,
  )
  return ['| token | what the sandbox does |', '|---|---|', ...rows].join('\n')
}
