import { createHash } from 'node:crypto'
import type { Money } from '@colophon/catalog'
import { formatMoney } from '../rules/money-text.ts'
import type { Address } from '../schemas.ts'
import type { Invoice } from './schema.ts'

const style = `
body { font: 11pt/1.4 sans-serif; max-width: 48em; margin: 2em auto; padding: 0 1em; }
address { font-style: normal; white-space: pre-line; margin-bottom: 1.5em; }
table { border-collapse: collapse; width: 100%; margin-top: 1.5em; }
th, td { text-align: right; padding: 0.3em 0.5em; border-bottom: 1px solid #bbb; }
th:first-child, td:first-child { text-align: left; }
tfoot { font-weight: bold; }
@media print { body { margin: 0; } }
`

const styleHash = createHash('sha256').update(style).digest('base64')

/** What the page may load: its own style and nothing else. */
export const pagePolicy =
  `default-src 'none'; style-src 'sha256-${styleHash}'; ` +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

const kinds = { invoice: 'Invoice', credit_note: 'Credit note' } as const

/** A document as a page to be printed. */
export function pageOf(invoice: Invoice): string {
  const title = `${kinds[invoice.kind]} ${invoice.number}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<address>${escaped(invoice.seller)}</address>
<address>${addressOf(invoice.buyer.billingAddress)}</address>
<h1>${title}</h1>
${aboutOf(invoice)}
${linesOf(invoice)}
${totalsOf(invoice)}
<p>Sent to:</p>
<address>${addressOf(invoice.buyer.shippingAddress)}</address>
</body>
</html>
`
}

function aboutOf({ date, orderNumber, invoiceNumber, reason }: Invoice): string {
  const parts = [
    `Date: ${date}`,
    `Order: ${orderNumber}`,
    invoiceNumber !== null && `For invoice: ${invoiceNumber}`,
    reason !== null && `Reason: ${escaped(reason)}`,
  ]
  return parts.flatMap((part) => (part === false ? [] : `<p>${part}</p>`)).join('\n')
}

function linesOf({ lines, gross }: Invoice): string {
  const rows = lines.map((line) => {
    const isbn = line.isbn13 === null ? '' : `, ISBN ${line.isbn13}`
    return rowOf([line.description + isbn, `${line.quantity ?? ''}`, ...amountsOf(line)])
  })
  return tableOf(['', 'Copies', ...amountColumns], rows, ['Total', '', '', '', '', moneyText(gross)])
}

function totalsOf({ totals, net, tax, gross }: Invoice): string {
  const rows = totals.map((total) => rowOf(['', ...amountsOf(total)]))
  return tableOf(['Taxes', ...amountColumns], rows, [
    '',
    '',
    moneyText(net),
    moneyText(tax),
    moneyText(gross),
  ])
}

const amountColumns = ['Tax rate', 'Net', 'Tax', 'Gross']

function amountsOf({ taxRate, net, tax, gross }: Invoice['totals'][number]): string[] {
  return [`${taxRate} %`, moneyText(net), moneyText(tax), moneyText(gross)]
}

function tableOf(columns: readonly string[], rows: readonly string[], foot: readonly string[]): string {
  const heads = columns.map((column) => `<th scope="col">${column}</th>`).join('')
  return `<table>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
<tfoot>${rowOf(foot)}</tfoot>
</table>`
}

function rowOf(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`
}

function addressOf({ name, line1, line2, postalCode, city, region, country }: Address): string {
  const lines = [name, line1, line2, `${postalCode} ${city}`, region, country]
  return lines.flatMap((line) => (line ? escaped(line) : [])).join('\n')
}

function moneyText({ amount, currency }: Money): string {
  return formatMoney(amount, currency)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
