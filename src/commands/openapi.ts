import { UsageError } from '../cli.ts'
import { createClient } from './client.ts'

export async function openapi(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const { status, text } = await createClient(flags)('GET', flags.yaml ? '/openapi.yaml' : '/openapi.json')
  if (status !== 200) throw new UsageError(`the gateway answered ${status}: ${text}`)
  process.stdout.write(flags.yaml ? text : `${JSON.stringify(JSON.parse(text), null, 2)}\n`)
  return 0
}
