/** What the branch knows on its first morning. Deterministic: the same accounts and transactions at every start. */
export interface Account {
  readonly number: string
  readonly holder: string
  readonly customerNo: string
  readonly type: string
  readonly branch: string
  readonly currency: string
  readonly status: 'Open' | 'Dormant' | 'Closed'
  /** `yyyy-mm-dd`, as everywhere inside. */
  readonly opened: string
  /** Minor units. */
  balance: number
  /** Newest first. */
  readonly transactions: Transaction[]
}

export interface Transaction {
  readonly date: string
  readonly reference: string
  readonly description: string
  readonly amount: number
  readonly balance: number
}

interface Customer {
  readonly no: string
  readonly name: string
  readonly branch: string
}

const customers = {
  okafor: { no: 'C100231', name: 'Mrs Adaeze Okafor', branch: '0417 Kingsbridge' },
  whitmore: { no: 'C100517', name: 'Mr Henry J. Whitmore', branch: '0417 Kingsbridge' },
  bakery: { no: 'C200064', name: "Dunne & Sons' Bakery Ltd", branch: '0417 Kingsbridge' },
  fernandes: { no: 'C100988', name: 'Ms Lúcia Fernandes', branch: '0122 Harbour Street' },
  patel: { no: 'C101342', name: 'Dr Rohan Patel', branch: '0122 Harbour Street' },
  marine: { no: 'C200119', name: 'Solent Marine Supplies plc', branch: '0122 Harbour Street' },
  brandt: { no: 'C101777', name: 'Mr Tobias Brandt', branch: '0305 Market Cross' }
} satisfies Record<string, Customer>

type Row = [
  number: string,
  customer: keyof typeof customers,
  type: string,
  currency: string,
  opened: string,
  balance: number,
  count: number
]

// One row each; the balance is in minor units, the last column says how many transactions there are.
const rows: readonly Row[] = [
  ['40012345', 'okafor', 'Current account', 'GBP', '1998-03-14', 1_284_356, 37],
  ['40012353', 'okafor', 'Savings account', 'GBP', '1999-11-02', 4_150_000, 12],
  ['40023117', 'whitmore', 'Current account', 'GBP', '1987-06-22', 231_908, 24],
  ['40023125', 'whitmore', 'Fixed deposit', 'GBP', '2002-01-07', 12_500_000, 3],
  ['40030006', 'bakery', 'Business current', 'GBP', '2001-09-18', 873_441, 41],
  ['40030014', 'bakery', 'Business reserve', 'GBP', '2001-09-18', 2_000_000, 8],
  ['40041288', 'fernandes', 'Current account', 'GBP', '2003-05-29', 1_525, 15],
  ['40041296', 'fernandes', 'Currency account', 'EUR', '2003-08-11', 640_070, 6],
  ['40055760', 'patel', 'Current account', 'GBP', '1995-02-27', 519_999, 20],
  ['40068001', 'marine', 'Business current', 'GBP', '1979-10-01', 98_765_432, 30],
  ['40068019', 'marine', 'Currency account', 'USD', '1990-04-17', 7_340_015, 10],
  ['40070234', 'brandt', 'Current account', 'GBP', '1992-12-09', 0, 0]
]

const status: Readonly<Record<string, Account['status']>> = { '40023125': 'Dormant', '40070234': 'Closed' }

const entries: ReadonlyArray<readonly [description: string, smallest: number, largest: number]> = [
  ['CARD PURCHASE KINGSBRIDGE STORES', -9_500, -450],
  ['DIRECT DEBIT SOUTH WEST WATER', -6_800, -2_100],
  ['CASH WITHDRAWAL ATM 0417-2', -20_000, -2_000],
  ['SALARY / BACS CREDIT', 140_000, 260_000],
  ['STANDING ORDER RENT', -85_000, -45_000],
  ['CHEQUE 000481', -30_000, -1_500],
  ['CARD PURCHASE M&S <FOOD>', -7_200, -600],
  ['COUNTER CREDIT', 5_000, 90_000],
  ['DIRECT DEBIT BRITISH TELECOM', -5_400, -1_900],
  ['INTEREST', 12, 900]
]

export function seedAccounts(): Map<string, Account> {
  return new Map(rows.map(row => [row[0], seedAccount(row)]))
}

function seedAccount([number, key, type, currency, opened, balance, count]: Row): Account {
  const { name, no, branch } = customers[key]
  const transactions = seedTransactions(number, balance, count)
  return { number, holder: name, customerNo: no, type, branch, currency, status: status[number] ?? 'Open', opened, balance, transactions }
}

/** Walks back from the balance of today, so that every running balance adds up. */
function seedTransactions(account: string, balance: number, count: number): Transaction[] {
  const random = numbers(Number(account))
  let day = Date.UTC(2025, 10, 28)
  let running = balance
  return Array.from({ length: count }, (_, index) => {
    const [description, smallest, largest] = entries[random(entries.length)] ?? ['COUNTER CREDIT', 5_000, 90_000]
    const amount = smallest + random(largest - smallest)
    const reference = `TX${account.slice(-5)}${String(count - index).padStart(4, '0')}`
    const transaction = { date: new Date(day).toISOString().slice(0, 10), reference, description, amount, balance: running }
    day -= random(4) * 86_400_000
    running -= amount
    return transaction
  })
}

/** A small linear congruential generator (Numerical Recipes): whole numbers from 0 up to below `limit`. */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
