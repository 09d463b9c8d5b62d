/** The portal's own data: what transfers and disputes change. Kept in a file beside the effect ledger, so that a restart forgets nothing. */
import { type Journal, openJournal } from '../../journal.ts'
import { type Account, seedAccounts, type Transaction } from './data.ts'

export interface Transfer {
  readonly confirmation: string
  readonly reference: string
  readonly from: string
  readonly to: string
  readonly amount: number
  readonly narrative: string
  readonly date: string
}

export interface Dispute {
  readonly caseNo: string
  readonly note: string
  readonly account: string
  readonly transaction: string
  readonly reason: string
  readonly date: string
}

type Entry = { readonly transfer: Transfer } | { readonly dispute: Dispute }

export class Books {
  readonly accounts: ReadonlyMap<string, Account> = seedAccounts()
  readonly transfers: Transfer[] = []
  readonly disputes: Dispute[] = []
  private readonly journal: Journal<Entry>
  private issued = 0

  constructor(path: string) {
    this.journal = openJournal(path)
    for (const entry of this.journal.entries) this.enter(entry)
    this.issued = this.transfers.length + this.disputes.length
  }

  /** The next number for a confirmation or a case: given out also when nothing gets booked in the end. */
  nextNumber(prefix: string): string {
    return prefix + String(70_310_000 + ++this.issued)
  }

  book(entry: Entry): void {
    this.journal.append(entry)
    this.enter(entry)
  }

  private enter(entry: Entry): void {
    if ('dispute' in entry) {
      this.disputes.push(entry.dispute)
      return
    }
    const { transfer } = entry
    this.transfers.push(transfer)
    this.move(transfer.from, -transfer.amount, transfer)
    this.move(transfer.to, transfer.amount, transfer)
  }

  private move(number: string, amount: number, { date, reference, narrative }: Transfer): void {
    const account = this.accounts.get(number)
    if (account === undefined) return
    account.balance += amount
    const transaction: Transaction = { date, reference, description: narrative || 'TRANSFER', amount, balance: account.balance }
    account.transactions.unshift(transaction)
  }
}
