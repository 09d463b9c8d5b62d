/** What each request element must hold, as in `service.wsdl`, and the check of it. */

import { bankNamespace, SoapFault } from './soap.ts'
import type { Element } from './xml.ts'

interface Field {
  readonly name: string
  readonly valid: (text: string) => boolean
  readonly optional?: true
  /** Must carry `currency`. */
  readonly money?: true
}

/** A request's values by name; `currency` is that of its one amount. */
export type Values = Readonly<Record<string, string>>

const matches = (pattern: RegExp) => (text: string) => pattern.test(text)
const accountNumber = matches(/^\d{10}$/)
const reference: Field = { name: 'reference', valid: matches(/^[A-Za-z0-9._:/-]{1,35}$/) }
const customerId: Field = { name: 'customerId', valid: matches(/^C-\d{4}$/) }

const requests: Readonly<Record<string, readonly Field[]>> = {
  GetCustomer: [customerId],
  ListAccounts: [customerId, { name: 'type', valid: matches(/^(CURRENT|SAVINGS|LOAN)$/), optional: true }],
  PostPayment: [
    { name: 'fromAccount', valid: accountNumber },
    { name: 'toAccount', valid: accountNumber },
    { name: 'amount', valid: isAmount, money: true },
    { name: 'valueDate', valid: isDate },
    { name: 'remittance', valid: text => [...text].length <= 140, optional: true },
    reference
  ],
  FindPayment: [reference]
}

/** The values of a request that agrees with the schema; else a soap:Client fault that says what is wrong. */
export function readRequest(request: Element): Values {
  const fields = request.namespace === bankNamespace && Object.hasOwn(requests, request.name) ? requests[request.name] : undefined
  if (fields === undefined) throw new SoapFault('Client', `Unknown operation {${request.namespace}}${request.name}`)
  const values: Record<string, string> = {}
  const left = [...request.children]
  for (const field of fields) Object.assign(values, take(field, left, request.name))
  if (left[0] !== undefined) throw invalid(request.name, `unexpected element {${left[0].namespace}}${left[0].name}`)
  return values
}

/** An xs:sequence: the next element is this field, or the field is optional. */
function take(field: Field, left: Element[], operation: string): Values {
  const next = left[0]
  if (next?.name !== field.name || next.namespace !== bankNamespace) {
    if (field.optional) return {}
    throw invalid(operation, `element ${field.name} is missing or out of order`)
  }
  left.shift()
  const text = next.text.trim()
  if (next.children.length > 0 || !field.valid(text)) throw invalid(operation, `the value of ${field.name} is not valid`)
  return { [field.name]: text, ...(field.money ? { currency: currencyOf(next, operation) } : {}) }
}

function currencyOf(amount: Element, operation: string): string {
  const currency = amount.attributes.currency ?? ''
  if (!/^[A-Z]{3}$/.test(currency)) throw invalid(operation, `attribute currency of ${amount.name} is missing or not valid`)
  return currency
}

function invalid(operation: string, what: string): SoapFault {
  return new SoapFault('Client', `Invalid ${operation}: ${what}`)
}

function isAmount(text: string): boolean {
  return /^\+?(\d{1,12}(\.\d{0,2})?|\.\d{1,2})$/.test(text) && /[1-9]/.test(text)
}

function isDate(text: string): boolean {
  const day = /^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?$/.exec(text)?.[1]
  if (day === undefined) return false
  const time = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day)
}
