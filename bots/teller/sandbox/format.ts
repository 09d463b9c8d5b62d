/** How the portal writes and reads money (`1,234.56`, in minor units inside) and dates (`dd/mm/yyyy`). */
const amount = /^(\d{1,9}|\d{1,3}(,\d{3}){1,2})(\.\d{1,2})?$/

export function formatMoney(minor: number): string {
  const [whole, cents] = (Math.abs(minor) / 100).toFixed(2).split('.')
  return `${minor < 0 ? '-' : ''}${whole?.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`
}

/** Undefined when the text is no amount above zero. */
export function parseMoney(text: string): number | undefined {
  if (!amount.test(text)) return undefined
  return Math.round(Number(text.replaceAll(',', '')) * 100) || undefined
}

/** From `yyyy-mm-dd`. */
export function formatDate(date: string): string {
  return date.split('-').reverse().join('/')
}

export function today(): string {
  return new Date().toISOString().slice(0, 10)
}
