/** Decimal numbers as they are written. A double stands for the shortest decimal that it prints: that is what a caller sees of it. */

/** `sign` × `digits` × 10^`exponent`; `digits` has no zero on either side, and is '' for zero. */
interface Decimal {
  readonly sign: 1 | -1
  readonly digits: string
  readonly exponent: number
}

const shape = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?$/

export const isDecimal = (text: string): boolean => shape.test(text)

function decimalOf(text: string): Decimal | undefined {
  const parts = shape.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', some = '', bare = '', exponent = '0'] = parts
  const fraction = some + bare
  const all = whole + fraction
  const [from, to] = bounds(all)
  const digits = all.slice(from, to)
  return {
    sign: sign === '-' && digits !== '' ? -1 : 1,
    digits,
    exponent: digits === '' ? 0 : Number(exponent) - fraction.length + (all.length - to)
  }
}

/** Where the digits begin and end that are no zeros at a side. In loops: a pattern for zeros takes forever when they do not end the text. */
function bounds(digits: string): readonly [number, number] {
  let [from, to] = [0, digits.length]
  while (digits[from] === '0') from += 1
  while (to > from && digits[to - 1] === '0') to -= 1
  return [from, to]
}

const isSame = (a: Decimal | undefined, b: Decimal | undefined): boolean =>
  a !== undefined && b !== undefined && a.sign === b.sign && a.digits === b.digits && a.exponent === b.exponent

/** Digits that every double keeps, as long as it is not among the very smallest. */
const kept = 15
const smallest = 1e-290

/** Whether the nearest double prints back to the same decimal value: no digit is lost in it. */
export function isExact(text: string): boolean {
  const value = Number(text)
  if (!Number.isFinite(value)) return false
  if (text.length <= kept && Math.abs(value) > smallest) return isDecimal(text)
  return isSame(decimalOf(text), decimalOf(String(value)))
}

/** Whether the text is what C prints of a double with all of its 17 digits: nothing is lost in the nearest double either. */
export function isWholeDouble(text: string): boolean {
  const value = Number(text)
  return Number.isFinite(value) && isSame(decimalOf(text), decimalOf(value.toPrecision(17)))
}

/** Whether `value` is a multiple of `step`, both as the decimals that they print. */
export function isMultiple(value: number, step: number): boolean {
  const [of, by] = [decimalOf(String(value)), decimalOf(String(step))]
  if (of === undefined || by === undefined || by.digits === '') return false
  const lowest = Math.min(of.exponent, by.exponent)
  const scaled = ({ digits, exponent }: Decimal) => BigInt(digits) * 10n ** BigInt(exponent - lowest)
  return scaled(of) % scaled(by) === 0n
}

/** The number in digits alone: xs:decimal, and most people, know no exponent. */
export function plainDecimal(value: number): string {
  const text = String(value)
  const decimal = text.includes('e') ? decimalOf(text) : undefined
  if (decimal === undefined) return text
  const { sign, digits, exponent } = decimal
  const point = digits.length + exponent
  const plain = point <= 0 ? `0.${'0'.repeat(-point)}${digits}` : digits.padEnd(point, '0')
  return sign < 0 ? `-${plain}` : plain
}
