import { UsageError } from '../cli.ts'
import { plainJson, plainLine } from '../core/plain-text.ts'
import { createClient } from './client.ts'

export async function tools(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const query = new URLSearchParams({ format: String(flags.format) })
  if (flags.strict) query.set('strict', 'true')
  for (const name of ['bot', 'query', 'limit']) if (typeof flags[name] === 'string') query.set(name, flags[name])
  if (flags.deferLoading) query.set('defer_loading', 'true')
  const { status, text, headers } = await createClient(flags)('GET', `/tools?${query}`)
  if (status !== 200) throw new UsageError((JSON.parse(text) as { detail?: string }).detail ?? `the gateway answered ${status}`)
  process.stdout.write(`${plainJson(JSON.parse(text), 2)}\n`)
  const said = { 'tools-left-out': 'left out', 'tools-not-strict': 'not strict' }
  for (const [name, what] of Object.entries(said))
    if (headers[name] !== undefined)
      process.stderr.write(`(${what}: ${plainLine(String(headers[name]))}; retrofit check --agents says why)\n`)
  return 0
}
