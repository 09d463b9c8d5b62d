import { plainJson, plainText } from '../core/plain-text.ts'

const paint: Readonly<Record<string, string>> = { trace: '2', debug: '2', info: '32', warn: '33', error: '31', fatal: '31;1' }
const known = new Set(['level', 'time', 'service', 'pid', 'msg', 'err'])

/** One JSON log line as a person reads it on a terminal: time, level, message, what else there is, the stack below. */
export function humanLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>
  const clock = String(time).slice(11, 19)
  const label = `\x1b[${paint[String(level)] ?? '0'}m${String(level).padEnd(5)}\x1b[0m`
  const fields = Object.entries(rest).filter(([name, value]) => !known.has(name) && value !== undefined)
  const text = fields.map(([name, value]) => `\x1b[2m${name}=\x1b[0m${plain(value)}`).join(' ')
  return `${clock} ${label} ${plainText(String(msg ?? ''))}${text && `  ${text}`}${stackOf(err)}\n`
}

const plain = (value: unknown) => (typeof value === 'string' ? plainText(value) : plainJson(value))

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null) return err === undefined ? '' : `\n         ${plainText(String(err))}`
  const { stack, message } = err as { stack?: unknown; message?: unknown }
  return `\n${plainText(String(stack ?? message))}`.replaceAll('\n', '\n         ')
}
