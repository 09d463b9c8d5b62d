import { UsageError } from '../cli.ts'
import { plainJson, plainText } from '../core/plain-text.ts'
import { createClient } from './client.ts'

const importers: Readonly<Record<string, string>> = { '': '', '3.0': '?version=3.0', gpt: '?format=gpt' }

export async function openapi(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const query = importers[String(flags.for ?? '')]
  if (query === undefined) throw new UsageError('--for: write 3.0 or gpt')
  const { status, text } = await createClient(flags)('GET', `${flags.yaml ? '/openapi.yaml' : '/openapi.json'}${query}`)
  if (status !== 200) throw new UsageError(`the gateway answered ${status}: ${text}`)
  process.stdout.write(flags.yaml ? plainText(text) : `${plainJson(JSON.parse(text), 2)}\n`)
  return 0
}
