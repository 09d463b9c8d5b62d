/** The four operations: a checked request in, the answer's XML out, or a SoapFault. */
import type { Effects, Verdict } from '../../sandbox.ts'
import {
  type Account,
  type Address,
  type Bank,
  type Customer,
  cents,
  decimal,
  type Money,
  type Payment,
  type PaymentOrder
} from './data.ts'
import type { Values } from './request.ts'
import { bankNamespace, SoapFault } from './soap.ts'
import { escapeXml } from './xml.ts'

export interface Books {
  readonly bank: Bank
  readonly effects: Effects
}
/** The answer's XML, or that there is none: the server must stay silent or hang up. */
export type Outcome = { readonly xml: string } | { readonly silence: 'hang' | 'drop' }
type Operation = (values: Values, books: Books) => Outcome | Promise<Outcome>

export const operations: Readonly<Record<string, Operation>> = {
  GetCustomer: ({ customerId = '' }, { bank }) => answer('GetCustomer', customerXml(knownCustomer(bank, customerId))),
  ListAccounts: ({ customerId = '', type }, { bank }) => {
    knownCustomer(bank, customerId)
    return answer('ListAccounts', bank.accountsOf(customerId, type).map(accountXml).join(''))
  },
  PostPayment: postPayment,
  FindPayment: ({ reference = '' }, { bank }) => {
    const payment = bank.payment(reference)
    return answer('FindPayment', payment === undefined ? '' : tag('payment', paymentXml(payment)))
  }
}

const closings: Readonly<Record<Exclude<Verdict, 'ok'>, () => Outcome>> = {
  fail: () => {
    throw new SoapFault('Server', 'Internal error')
  },
  duplicate: () => {
    throw new SoapFault('Client', 'Duplicate reference')
  },
  hang: () => ({ silence: 'hang' }),
  drop: () => ({ silence: 'drop' })
}

async function postPayment(values: Values, { bank, effects }: Books): Promise<Outcome> {
  const order = orderOf(values)
  // A known reference is judged before the funds, which its first payment may have used up.
  const refused = effects.faults.rejectDuplicates && bank.payment(order.reference) !== undefined
  if (!refused) checkOrder(bank, order)
  let payment = bank.draft(order)
  const verdict = await effects.receive('post_payment', order.reference, order, () => {
    payment = bank.post(payment)
  })
  return verdict === 'ok' ? answer('PostPayment', receiptXml(payment)) : closings[verdict]()
}

function orderOf(values: Values): PaymentOrder {
  const { fromAccount = '', toAccount = '', amount = '', currency = '', valueDate = '', remittance, reference = '' } = values
  const money = { cents: cents(amount), currency }
  return { fromAccount, toAccount, amount: money, valueDate, ...(remittance === undefined ? {} : { remittance }), reference }
}

function checkOrder(bank: Bank, { fromAccount, toAccount, amount }: PaymentOrder): void {
  const [from, to] = [fromAccount, toAccount].map(number => {
    const account = bank.account(number)
    if (account === undefined) throw new SoapFault('Client', `Unknown account ${number}`)
    if (account.balance.currency !== amount.currency) throw new SoapFault('Client', `Account ${number} is not kept in ${amount.currency}`)
    return account
  })
  if (from === to) throw new SoapFault('Client', 'The two accounts are the same')
  if (from !== undefined && from.balance.cents < amount.cents) throw insufficientFunds(from, amount)
}

function insufficientFunds({ number, balance }: Account, requested: Money): SoapFault {
  const detail = tag('account', number) + moneyXml('available', balance) + moneyXml('requested', requested)
  return new SoapFault('Client', 'Insufficient funds', root('InsufficientFundsFault', detail))
}

function knownCustomer(bank: Bank, customerId: string): Customer {
  const customer = bank.customer(customerId)
  if (customer !== undefined) return customer
  throw new SoapFault('Client', 'Customer not found', root('CustomerNotFoundFault', tag('customerId', escapeXml(customerId))))
}

const answer = (operation: string, xml: string): Outcome => ({ xml: root(`${operation}Response`, xml) })
const root = (name: string, xml: string): string => `<cb:${name} xmlns:cb="${bankNamespace}">${xml}</cb:${name}>`
const tag = (name: string, xml: string, attribute = ''): string => `<cb:${name}${attribute}>${xml}</cb:${name}>`
const text = (name: string, value: string | undefined): string => (value === undefined ? '' : tag(name, escapeXml(value)))
const moneyXml = (name: string, { cents, currency }: Money): string => tag(name, decimal(cents), ` currency="${currency}"`)

function customerXml({ customerId, given, family, dateOfBirth, email, addresses, status }: Customer): string {
  const name = tag('name', text('given', given) + text('family', family))
  const head = text('customerId', customerId) + name + text('dateOfBirth', dateOfBirth) + text('email', email)
  return tag('customer', head + addresses.map(addressXml).join('') + text('status', status))
}

function addressXml({ use, lines, city, postalCode, country }: Address): string {
  const street = lines.map(line => text('line', line)).join('')
  return tag('address', street + text('city', city) + text('postalCode', postalCode) + text('country', country), ` use="${use}"`)
}

function accountXml({ number, type, balance, opened }: Account): string {
  return tag('account', text('number', number) + text('type', type) + moneyXml('balance', balance) + text('opened', opened))
}

function receiptXml({ confirmationNumber, postedAt, newBalance }: Payment): string {
  return text('confirmationNumber', confirmationNumber) + text('postedAt', postedAt) + moneyXml('newBalance', newBalance)
}

function paymentXml(payment: Payment): string {
  const { reference, fromAccount, toAccount, amount, valueDate, remittance } = payment
  const accounts = text('fromAccount', fromAccount) + text('toAccount', toAccount)
  const order = accounts + moneyXml('amount', amount) + text('valueDate', valueDate) + text('remittance', remittance)
  return text('reference', reference) + receiptXml(payment) + order
}
