/** The bank's books: customers and accounts as at every start, and the payments that were booked since. Money is whole cents. */
import type { Journal } from '../../journal.ts'

export type AccountType = 'CURRENT' | 'SAVINGS' | 'LOAN'

export interface Money {
  readonly cents: number
  readonly currency: string
}
export interface Address {
  readonly use: 'HOME' | 'POSTAL'
  readonly lines: readonly string[]
  readonly city: string
  readonly postalCode: string
  readonly country: string
}
export interface Customer {
  readonly customerId: string
  readonly given: string
  readonly family: string
  readonly dateOfBirth: string
  readonly email?: string
  readonly addresses: readonly Address[]
  readonly status: 'ACTIVE' | 'DORMANT' | 'CLOSED'
}
export interface Account {
  readonly customerId: string
  readonly number: string
  readonly type: AccountType
  balance: Money
  readonly opened: string
}
export interface PaymentOrder {
  readonly fromAccount: string
  readonly toAccount: string
  readonly amount: Money
  readonly valueDate: string
  readonly remittance?: string
  readonly reference: string
}
export interface Payment extends PaymentOrder {
  readonly confirmationNumber: string
  readonly postedAt: string
  readonly newBalance: Money
}

const home = (lines: readonly string[], postalCode: string, city: string, country: string): Address => ({
  use: 'HOME',
  lines,
  city,
  postalCode,
  country
})
const postBox = (box: string, postalCode: string, city: string, country: string): Address => ({
  use: 'POSTAL',
  lines: [box],
  city,
  postalCode,
  country
})

const customers: readonly Customer[] = [
  {
    customerId: 'C-1001',
    given: 'Maria',
    family: 'Keller',
    dateOfBirth: '1984-03-12',
    email: 'maria.keller@mail.example',
    addresses: [home(['Lindenstrasse 14', '3. OG'], '10969', 'Berlin', 'DE'), postBox('Postfach 3310', '10117', 'Berlin', 'DE')],
    status: 'ACTIVE'
  },
  {
    customerId: 'C-1002',
    given: 'Thomas',
    family: "O'Brien & Sons",
    dateOfBirth: '1971-11-30',
    email: 'accounts@obrien.example',
    addresses: [home(['8 Merrion Row'], 'D02 KX01', 'Dublin', 'IE')],
    status: 'ACTIVE'
  },
  {
    customerId: 'C-1003',
    given: 'Zoë',
    family: 'Lefèvre',
    dateOfBirth: '1992-07-05',
    addresses: [home(['27 rue des Martyrs', 'Bâtiment B', 'Appartement 12'], '75009', 'Paris', 'FR')],
    status: 'ACTIVE'
  },
  {
    customerId: 'C-1004',
    given: 'James',
    family: 'Whitfield',
    dateOfBirth: '1958-01-22',
    email: 'j.whitfield@post.example',
    addresses: [home(['The Old Rectory', 'Church Lane'], 'BA1 5LR', 'Bath', 'GB'), postBox('PO Box 77', 'BA1 1AA', 'Bath', 'GB')],
    status: 'ACTIVE'
  },
  {
    customerId: 'C-1005',
    given: 'Ingrid',
    family: 'Solberg',
    dateOfBirth: '1979-09-17',
    email: 'ingrid.solberg@mail.example',
    addresses: [home(['Storgata 5'], '0155', 'Oslo', 'NO')],
    status: 'ACTIVE'
  },
  {
    customerId: 'C-1006',
    given: 'Paulo',
    family: 'Mendes',
    dateOfBirth: '1966-05-28',
    addresses: [],
    status: 'DORMANT'
  },
  {
    customerId: 'C-1007',
    given: 'Katarzyna',
    family: 'Wójcik',
    dateOfBirth: '2001-12-02',
    email: 'k.wojcik@mail.example',
    addresses: [home(['ul. Piękna 18/4'], '00-549', 'Warszawa', 'PL')],
    status: 'ACTIVE'
  },
  {
    customerId: 'C-1008',
    given: 'Harold',
    family: 'Finch',
    dateOfBirth: '1948-02-29',
    addresses: [home(['600 Canal Street'], 'NY 10013', 'New York', 'US')],
    status: 'CLOSED'
  }
]

/** customerId, number, type, cents, currency, opened. */
const accounts: readonly (readonly [string, string, AccountType, number, string, string])[] = [
  ['C-1001', '4010001001', 'CURRENT', 482_055, 'EUR', '2009-04-01'],
  ['C-1001', '4010001002', 'SAVINGS', 2_510_000, 'EUR', '2011-09-15'],
  ['C-1001', '4010001003', 'LOAN', -14_320_017, 'EUR', '2018-02-28'],
  ['C-1002', '4010002001', 'CURRENT', 9_120_444, 'EUR', '2003-01-20'],
  ['C-1002', '4010002002', 'SAVINGS', 150_000, 'GBP', '2016-06-06'],
  ['C-1003', '4010003001', 'CURRENT', 1_205, 'EUR', '2015-10-12'],
  ['C-1003', '4010003002', 'SAVINGS', 0, 'EUR', '2020-03-02'],
  ['C-1004', '4010004001', 'CURRENT', 731_290, 'GBP', '1998-08-17'],
  ['C-1004', '4010004002', 'SAVINGS', 18_450_000, 'GBP', '1999-12-31'],
  ['C-1005', '4010005001', 'CURRENT', 264_310, 'EUR', '2012-05-09'],
  ['C-1005', '4010005002', 'SAVINGS', 990_099, 'USD', '2014-11-11'],
  ['C-1006', '4010006001', 'CURRENT', 8_850, 'EUR', '1994-07-01'],
  ['C-1006', '4010006002', 'SAVINGS', 312_000, 'EUR', '1996-07-01'],
  ['C-1007', '4010007001', 'CURRENT', 67_540, 'EUR', '2019-09-30'],
  ['C-1007', '4010007002', 'LOAN', -850_000, 'EUR', '2022-01-17'],
  ['C-1008', '4010008001', 'CURRENT', 0, 'USD', '1985-03-04'],
  ['C-1008', '4010008002', 'SAVINGS', 5, 'USD', '1985-03-04']
]

export class Bank {
  private readonly customers = new Map(customers.map(customer => [customer.customerId, customer]))
  private readonly accounts = new Map(
    accounts.map(([customerId, number, type, cents, currency, opened]): [string, Account] => [
      number,
      { customerId, number, type, balance: { cents, currency }, opened }
    ])
  )
  private readonly payments = new Map<string, Payment>()
  private readonly journal: Journal<Payment>
  private lastConfirmation = 700_000

  constructor(journal: Journal<Payment>) {
    this.journal = journal
    for (const payment of journal.entries) this.enter(payment)
    this.lastConfirmation += journal.entries.length
  }

  customer(customerId: string): Customer | undefined {
    return this.customers.get(customerId)
  }

  accountsOf(customerId: string, type?: string): Account[] {
    return [...this.accounts.values()].filter(a => a.customerId === customerId && (type === undefined || a.type === type))
  }

  account(number: string): Account | undefined {
    return this.accounts.get(number)
  }

  /** The first payment with this reference. */
  payment(reference: string): Payment | undefined {
    return this.payments.get(reference)
  }

  /** What a payment would look like; no book changes. */
  draft(order: PaymentOrder): Payment {
    const confirmationNumber = `CB${++this.lastConfirmation}`
    return { ...order, confirmationNumber, postedAt: new Date().toISOString(), newBalance: this.balanceAfter(order) }
  }

  /** Books a payment. A second one with the same reference is booked again: this system does not look. */
  post(draft: Payment): Payment {
    const payment = { ...draft, postedAt: new Date().toISOString(), newBalance: this.balanceAfter(draft) }
    this.journal.append(payment)
    this.enter(payment)
    return payment
  }

  private enter(payment: Payment): void {
    this.add(payment.fromAccount, -payment.amount.cents)
    this.add(payment.toAccount, payment.amount.cents)
    if (!this.payments.has(payment.reference)) this.payments.set(payment.reference, payment)
  }

  private balanceAfter({ fromAccount, amount }: PaymentOrder): Money {
    const before = this.account(fromAccount)?.balance.cents ?? 0
    return { ...amount, cents: before - amount.cents }
  }

  private add(number: string, cents: number): void {
    const account = this.account(number)
    if (account !== undefined) account.balance = { ...account.balance, cents: account.balance.cents + cents }
  }
}

/** `-12.05` from -1205. */
export function decimal(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** 1250 from `12.5`, an xs:decimal of at most two fraction digits. */
export function cents(text: string): number {
  const [whole = '', fraction = ''] = text.replace('+', '').split('.')
  return Number(whole) * 100 + Number(fraction.slice(0, 2).padEnd(2, '0'))
}
