/** `retrofit import schema`: a JSON Schema of any draft becomes one that a manifest takes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { UsageError } from '../cli.ts'
import { plainJson, plainLine, plainText } from '../core/plain-text.ts'
import type { Json } from '../core/types.ts'
import { importSchema } from '../manifest/import/schema/import-schema.ts'

export async function importSchemaCommand(file: string, flags: Readonly<Record<string, unknown>>): Promise<number> {
  const { schema, notes, mistakes } = importSchema(read(file), typeof flags.pointer === 'string' ? flags.pointer : '')
  const isGood = mistakes.length === 0
  const text = stringify(schema, { lineWidth: 0, aliasDuplicateObjects: false })
  if (isGood && typeof flags.out === 'string') writeFileSync(flags.out, text)
  if (flags.json === true) process.stdout.write(`${plainJson({ schema, notes, mistakes })}\n`)
  else if (isGood && flags.out === undefined) process.stdout.write(plainText(text))
  if (flags.json === true) return isGood ? 0 : 1
  for (const { pointer, message } of notes) process.stderr.write(`note: ${plainLine(`${pointer === '' ? '/' : pointer}: ${message}`)}\n`)
  for (const { pointer, message } of mistakes)
    process.stderr.write(`error: ${plainLine(`${pointer === '' ? '/' : pointer}: ${message}`)}\n`)
  if (!isGood) process.stderr.write('A manifest does not take this schema; nothing was written.\n')
  return isGood ? 0 : 1
}

function read(file: string): Json {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`${file} can not be read (${(cause as NodeJS.ErrnoException).code}): give a file with a JSON Schema`)
  }
  try {
    return parse(text, { maxAliasCount: 1_000, merge: true }) as Json
  } catch (cause) {
    throw new UsageError(`${file} is neither JSON nor YAML: ${(cause as Error).message.split('\n')[0]}`)
  }
}
