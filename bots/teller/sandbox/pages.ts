/** Every page of the portal, as functions of what it shows. */
import type { Dispute, Transfer } from './books.ts'
import type { Account, Transaction } from './data.ts'
import { formatDate, formatMoney } from './format.ts'
import { type Html, html } from './html.ts'
import { band, bareDocument, details, document, form, grid, notice, type Rendering, viewState } from './layout.ts'

export const pageSize = 10
export const reasons = ['Not recognised', 'Duplicate charge', 'Wrong amount', 'Goods not received', 'Other'] as const

export function loginPage(page: Rendering, error?: string): Html {
  const fields = [
    { label: 'User ID', name: 'user', maxLength: 20 },
    { label: 'Password', name: 'password', type: 'password', maxLength: 40 }
  ] as const
  return bareDocument(
    'Sign on',
    html`<body>${band(html`BranchNet Teller`)}<br><br><table align="center" cellspacing="0" cellpadding="10" border="0" class="box"><tr><td>
<table width="100%" cellspacing="0" cellpadding="5" border="0"><tr><td class="title">Branch sign on</td></tr></table><br>
${form(page, { action: '/login', button: 'Sign on', fields, error })}
<span class="foot">Authorised staff only. All activity is recorded.</span></td></tr></table></body>`
  )
}

/** A page outside of any session: maintenance, refusals, failures. */
export function plainPage(title: string, text: string): Html {
  return bareDocument(
    title,
    html`<body>${band(html`BranchNet Teller`)}<br><br><table align="center" class="box" cellspacing="0" cellpadding="20" border="0"><tr><td><b>${title}</b><br><br>${text}</td></tr></table></body>`
  )
}

export function menuPage(page: Rendering): Html {
  const entries: ReadonlyArray<readonly [string, string]> = [
    ['Account enquiry', 'Holder, type, branch and balance of one account'],
    ['Statements', 'All entries of one account, ten at a time'],
    ['Transfer funds', 'Between two accounts of the bank'],
    ['New dispute', 'Open a case about an entry that the customer does not accept']
  ]
  return document(page, `Welcome, ${page.user}`, details(page, entries))
}

export function accountsPage(page: Rendering, account = '', error?: string): Html {
  const fields = [{ label: 'Account no', name: 'account', value: account, maxLength: 8 }]
  return document(page, 'Account enquiry', form(page, { action: '/accounts', button: 'Find', fields, error }))
}

export function accountPage(page: Rendering, account: Account): Html {
  const facts = details(page, [
    ['Account number', account.number],
    ['Holder', account.holder],
    ['Customer', account.customerNo],
    ['Type', account.type],
    ['Branch', account.branch],
    ['Status', account.status],
    ['Balance', formatMoney(account.balance)],
    ['Currency', account.currency],
    ['Opened', formatDate(account.opened)]
  ])
  const latest = account.transactions.slice(0, 5).map(transactionRow)
  return document(
    page,
    'Account details',
    html`${facts}<br><b>Latest entries</b><br><br>${grid(page, transactionHeaders, latest)}<br>
<a id="${page.id()}" href="/transactions?account=${account.number}">Full statement</a>`
  )
}

const transactionHeaders = ['Date', 'Reference', 'Description', 'Amount', 'Balance']

function transactionRow({ date, reference, description, amount, balance }: Transaction) {
  return [formatDate(date), reference, description, { num: formatMoney(amount) }, { num: formatMoney(balance) }]
}

export function statementFormPage(page: Rendering, account = '', error?: string): Html {
  const fields = [{ label: 'Account no', name: 'account', value: account, maxLength: 8 }]
  return document(page, 'Statements', form(page, { action: '/transactions', button: 'Show', fields, error }))
}

export function statementPage(page: Rendering, account: Account): Html {
  return document(
    page,
    'Statement',
    html`${details(page, [
      ['Account number', account.number],
      ['Holder', account.holder]
    ])}<br>
<iframe name="txframe" id="${page.id()}" src="/txframe?account=${account.number}&amp;page=1" width="100%" height="330" frameborder="0"></iframe>`
  )
}

/** What stands inside the frame. */
export function entriesPage(page: Rendering, account: Account, number: number): Html {
  const pages = Math.max(1, Math.ceil(account.transactions.length / pageSize))
  const rows = account.transactions.slice((number - 1) * pageSize, number * pageSize).map(transactionRow)
  const link = (label: string, target: number) =>
    target < 1 || target > pages
      ? html`<span class="off">${label}</span>`
      : html`<a id="${page.id()}" href="/txframe?account=${account.number}&amp;page=${target}">${label}</a>`
  return bareDocument(
    'Entries',
    html`<body>${grid(page, transactionHeaders, rows)}<table width="100%" cellspacing="0" cellpadding="4" border="0"><tr>
<td>${link('Previous', number - 1)}</td><td align="center">Page ${Math.min(number, pages)} of ${pages}</td><td align="right">${link('Next', number + 1)}</td></tr></table></body>`
  )
}

export interface TransferInput {
  readonly from: string
  readonly to: string
  readonly amount: string
  readonly narrative: string
  readonly reference: string
}

export function transferPage(page: Rendering, input?: TransferInput, error?: string): Html {
  const fields = [
    { label: 'From account', name: 'from', value: input?.from, maxLength: 8 },
    { label: 'To account', name: 'to', value: input?.to, maxLength: 8 },
    { label: 'Amount', name: 'amount', value: input?.amount, maxLength: 13 },
    { label: 'Narrative', name: 'narrative', value: input?.narrative, maxLength: 35 },
    { label: 'Reference', name: 'reference', value: input?.reference, maxLength: 20 }
  ]
  return document(page, 'Transfer funds', form(page, { action: '/transfer', button: 'Continue', fields, error }))
}

export function confirmPage(page: Rendering, input: TransferInput, amount: number, names: { from: string; to: string }): Html {
  const hidden = Object.entries(input).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const facts = details(page, [
    ['From account', `${input.from} ${names.from}`],
    ['To account', `${input.to} ${names.to}`],
    ['Amount', formatMoney(amount)],
    ['Narrative', input.narrative],
    ['Reference', input.reference]
  ])
  return document(
    page,
    'Check the transfer',
    html`${facts}<br><form id="${page.id()}" method="post" action="/transfer/post">${viewState(page, '/transfer/post')}${hidden}
<input class="btn" type="submit" id="${page.id()}" value="Confirm transfer" onclick="return confirm('Post this transfer?')"></form>`
  )
}

export function transferredPage(page: Rendering, transfer: Transfer): Html {
  const facts = details(page, [
    ['Confirmation', transfer.confirmation],
    ['Reference', transfer.reference],
    ['From', transfer.from],
    ['To', transfer.to],
    ['Amount', formatMoney(transfer.amount)],
    ['Date', formatDate(transfer.date)]
  ])
  return document(page, 'Transfer receipt', html`<p class="done">Transfer posted</p>${facts}`)
}

export function transfersPage(page: Rendering, reference = '', found?: readonly Transfer[], error?: string): Html {
  const fields = [{ label: 'Reference', name: 'reference', value: reference, maxLength: 20 }]
  const rows = found?.map(transfer => [
    transfer.confirmation,
    transfer.reference,
    transfer.from,
    transfer.to,
    { num: formatMoney(transfer.amount) },
    formatDate(transfer.date)
  ])
  const headers = ['Confirmation', 'Reference', 'From', 'To', 'Amount', 'Date']
  const search = form(page, { action: '/transfers', button: 'Search', fields, error })
  return document(page, 'Posted transfers', html`${search}${results(page, headers, rows, 'No transfer found')}`)
}

export interface DisputeInput {
  readonly account: string
  readonly transaction: string
  readonly reason: string
  readonly note: string
}

export function disputePage(page: Rendering, input?: Partial<DisputeInput>, error?: string): Html {
  const fields = [
    { label: 'Account no', name: 'account', value: input?.account, maxLength: 8 },
    { label: 'Transaction reference', name: 'transaction', value: input?.transaction, maxLength: 20 },
    { label: 'Reason', name: 'reason', value: input?.reason, choices: reasons },
    { label: 'Note', name: 'note', value: input?.note, maxLength: 200 }
  ]
  return document(page, 'New dispute', form(page, { action: '/dispute', button: 'File dispute', fields, error }))
}

export function disputedPage(page: Rendering, dispute: Dispute): Html {
  const facts = details(page, [
    ['Case number', dispute.caseNo],
    ['Account', dispute.account],
    ['Transaction', dispute.transaction],
    ['Reason', dispute.reason],
    ['Status', 'Open'],
    ['Date', formatDate(dispute.date)]
  ])
  return document(page, 'Dispute receipt', html`<p class="done">Dispute filed</p>${facts}`)
}

export function disputesPage(page: Rendering, note = '', found?: readonly Dispute[], error?: string): Html {
  const fields = [{ label: 'Note', name: 'note', value: note, maxLength: 200 }]
  const rows = found?.map(entry => [
    entry.caseNo,
    entry.note,
    entry.account,
    entry.transaction,
    entry.reason,
    'Open',
    formatDate(entry.date)
  ])
  const headers = ['Case', 'Note', 'Account', 'Transaction', 'Reason', 'Status', 'Date']
  const search = form(page, { action: '/disputes', button: 'Search', fields, error })
  return document(page, 'Dispute register', html`${search}${results(page, headers, rows, 'No dispute found')}`)
}

/** A page of the signed-on portal with one message on it. */
export function messagePage(page: Rendering, title: string, text: string): Html {
  return document(page, title, notice(page, text))
}

type Rows = ReadonlyArray<readonly (string | { readonly num: string })[]>

function results(page: Rendering, headers: readonly string[], rows: Rows | undefined, none: string): Html | undefined {
  if (rows === undefined) return undefined
  return rows.length === 0 ? notice(page, none) : html`<br>${grid(page, headers, rows)}`
}
