/** What the portal does behind each address. Everything here is for someone who is signed on. */
import type { Effects, Verdict } from '../../sandbox.ts'
import type { Books } from './books.ts'
import type { Account } from './data.ts'
import { parseMoney, today } from './format.ts'
import type { Html } from './html.ts'
import type { Rendering } from './layout.ts'
import * as pages from './pages.ts'

/** What to send; `hang` and `drop` send nothing. */
export type Answer =
  | { readonly page: Html; readonly status?: number }
  | { readonly redirect: string; readonly cookie?: string }
  | 'hang'
  | 'drop'

export interface Visit {
  readonly page: Rendering
  readonly query: URLSearchParams
  readonly form: URLSearchParams
  readonly books: Books
  readonly effects: Effects
}

type Route = (visit: Visit) => Answer | Promise<Answer>

const noAccount = 'No such account'

export const routes: Readonly<Record<string, Route>> = {
  'GET /': () => ({ redirect: '/menu' }),
  'GET /menu': ({ page }) => ({ page: pages.menuPage(page) }),
  'GET /accounts': ({ page }) => ({ page: pages.accountsPage(page) }),
  'POST /accounts': findAccount,
  'GET /transactions': ({ page, query, books }) => statement(page, books, query.get('account')),
  'POST /transactions': ({ page, form, books }) => statement(page, books, field(form, 'account')),
  'GET /txframe': entries,
  'GET /transfer': ({ page }) => ({ page: pages.transferPage(page) }),
  'POST /transfer': checkTransfer,
  'POST /transfer/post': postTransfer,
  'GET /transfers': ({ page }) => ({ page: pages.transfersPage(page) }),
  'POST /transfers': findTransfers,
  'GET /dispute': ({ page, query }) => ({ page: pages.disputePage(page, { account: field(query, 'account') }) }),
  'POST /dispute': fileDispute,
  'GET /disputes': ({ page }) => ({ page: pages.disputesPage(page) }),
  'POST /disputes': findDisputes
}

function findAccount({ page, form, books }: Visit): Answer {
  const number = field(form, 'account')
  const account = books.accounts.get(number)
  return { page: account === undefined ? pages.accountsPage(page, number, noAccount) : pages.accountPage(page, account) }
}

function statement(page: Rendering, books: Books, number: string | null): Answer {
  if (number === null) return { page: pages.statementFormPage(page) }
  const account = books.accounts.get(number)
  return { page: account === undefined ? pages.statementFormPage(page, number, noAccount) : pages.statementPage(page, account) }
}

function entries({ page, query, books }: Visit): Answer {
  const account = books.accounts.get(field(query, 'account'))
  if (account === undefined) return { page: pages.plainPage('Statement', noAccount) }
  return { page: pages.entriesPage(page, account, Math.max(1, Math.trunc(Number(query.get('page'))) || 1)) }
}

function checkTransfer(visit: Visit): Answer {
  const { page, form, books } = visit
  const input = transferInput(form)
  const checked = validTransfer(input, books)
  if (typeof checked === 'string') return { page: pages.transferPage(page, input, checked) }
  return { page: pages.confirmPage(page, input, checked.amount, { from: checked.from.holder, to: checked.to.holder }) }
}

async function postTransfer({ page, form, books, effects }: Visit): Promise<Answer> {
  const input = transferInput(form)
  const checked = validTransfer(input, books)
  if (typeof checked === 'string') return { page: pages.transferPage(page, input, checked) }
  const transfer = { ...input, amount: checked.amount, confirmation: books.nextNumber('CN'), date: today() }
  const payload = { ...input, amount: checked.amount }
  const verdict = await effects.receive('transfer', input.reference, payload, () => books.book({ transfer }))
  return settle(verdict, page, 'Transfer funds', () => pages.transferredPage(page, transfer))
}

function transferInput(form: URLSearchParams): pages.TransferInput {
  return {
    from: field(form, 'from'),
    to: field(form, 'to'),
    amount: field(form, 'amount'),
    narrative: field(form, 'narrative'),
    reference: field(form, 'reference')
  }
}

/** What is wrong, in the portal's words, or the accounts and the amount. */
function validTransfer(input: pages.TransferInput, books: Books): string | { from: Account; to: Account; amount: number } {
  const from = books.accounts.get(input.from)
  const to = books.accounts.get(input.to)
  const amount = parseMoney(input.amount)
  if (from === undefined || to === undefined) return noAccount
  if (from === to) return 'From account and To account are the same'
  if (from.status !== 'Open' || to.status !== 'Open') return 'Account is not open'
  if (from.currency !== to.currency) return 'Currencies differ'
  if (amount === undefined) return 'Invalid amount'
  if (input.reference === '') return 'Reference is required'
  if (input.reference.length > 20) return 'Reference is too long (20 characters at most)'
  if (input.narrative.length > 35) return 'Narrative is too long (35 characters at most)'
  return amount > from.balance ? 'Insufficient funds' : { from, to, amount }
}

function findTransfers({ page, form, books }: Visit): Answer {
  const reference = field(form, 'reference')
  if (reference === '') return { page: pages.transfersPage(page, '', undefined, 'Enter a reference') }
  return {
    page: pages.transfersPage(
      page,
      reference,
      books.transfers.filter(transfer => transfer.reference === reference)
    )
  }
}

async function fileDispute({ page, form, books, effects }: Visit): Promise<Answer> {
  const input = {
    account: field(form, 'account'),
    transaction: field(form, 'transaction'),
    reason: field(form, 'reason'),
    note: field(form, 'note')
  }
  const wrong = disputeMistake(input, books)
  if (wrong !== undefined) return { page: pages.disputePage(page, input, wrong) }
  const dispute = { ...input, caseNo: books.nextNumber('DC'), date: today() }
  const verdict = await effects.receive('dispute_transaction', input.note, input, () => books.book({ dispute }))
  return settle(verdict, page, 'New dispute', () => pages.disputedPage(page, dispute))
}

function disputeMistake(input: pages.DisputeInput, books: Books): string | undefined {
  const account = books.accounts.get(input.account)
  if (account === undefined) return noAccount
  if (!account.transactions.some(transaction => transaction.reference === input.transaction)) return 'No such transaction'
  if (!pages.reasons.some(reason => reason === input.reason)) return 'Choose a reason'
  if (input.note === '') return 'Note is required'
  return input.note.length > 200 ? 'Note is too long (200 characters at most)' : undefined
}

function findDisputes({ page, form, books }: Visit): Answer {
  const note = field(form, 'note')
  if (note === '') return { page: pages.disputesPage(page, '', undefined, 'Enter a note') }
  return {
    page: pages.disputesPage(
      page,
      note,
      books.disputes.filter(dispute => dispute.note.includes(note))
    )
  }
}

function settle(verdict: Verdict, page: Rendering, title: string, done: () => Html): Answer {
  const answers: Record<Verdict, () => Answer> = {
    ok: () => ({ page: done() }),
    fail: () => ({ status: 500, page: pages.plainPage('Server error', 'An internal error occurred. Reference ORA-03113.') }),
    duplicate: () => ({ page: pages.messagePage(page, title, 'Duplicate reference') }),
    hang: () => 'hang',
    drop: () => 'drop'
  }
  return answers[verdict]()
}

function field(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').trim()
}
