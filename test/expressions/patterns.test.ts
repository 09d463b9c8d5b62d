/** Every regular expression of the product over long hostile texts: all take linear time. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')
/** Only over what an operator wrote or what is cut before, with the reason. */
const excused: Readonly<Record<string, string>> = {
  '/\\.[a-z.]+$/i': 'the name of the file that an operator imports',
  '/(?:^|\\s)at\\s+[^()\\n]{1,200} \\([^)\\n]*:\\d+\\)/': 'texts are cut to 10,000 characters before',
  '/`[^`]+`|[A-Za-z_]\\w*/g': 'a path whose form was looked at before'
}

const files = ['src', 'adapters'].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map(entry => join(entry.parentPath, entry.name))
)

function patternsIn(path: string): readonly { readonly at: string; readonly text: string }[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const found: { at: string; text: string }[] = []
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.RegularExpressionLiteral)
      found.push({
        at: `${relative(root, path)}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`,
        text: node.getText(file)
      })
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** Repeated, each of them, and then something that fits nothing. */
const pieces = [
  ' ',
  '\t',
  '\n',
  '\r\n',
  'a',
  'A',
  '0',
  '"',
  "'",
  '{',
  '}',
  '<',
  '.',
  '-',
  '/',
  '\\',
  '(',
  '[',
  ':',
  ';',
  '=',
  '@',
  '#',
  '*',
  '_',
  '&',
  '%',
  '+',
  '{{',
  '<a ',
  'a.',
  'a=',
  '1.',
  'env ',
  ' at ',
  '"a"',
  '<![CDATA[',
  'name="',
  ' - ',
  '&#'
]
const length = 100_000

const program = `
const { parentPort, workerData: { patterns, pieces, length } } = require('node:worker_threads')
const inputs = pieces.map(piece => 'a' + piece.repeat(length / piece.length) + '\\u0001')
for (const { at, text } of patterns) {
  parentPort.postMessage(at + ' ' + text)
  const end = text.lastIndexOf('/')
  const flags = text.slice(end + 1)
  const regex = new RegExp(text.slice(1, end), flags.includes('g') ? flags : flags + 'g')
  for (const input of inputs) input.replace(regex, '')
}
parentPort.postMessage('done')
`

test('no pattern takes more than linear time', async () => {
  const patterns = files.flatMap(patternsIn).filter(({ text }) => excused[text] === undefined && /[*+]|\{\d+,\}/.test(text))
  expect(patterns.length).toBeGreaterThan(50)
  const worker = new Worker(program, { eval: true, workerData: { patterns, pieces, length } })
  let at = ''
  const done = new Promise<string>((resolve, reject) => {
    let guard: NodeJS.Timeout
    // A pattern that is not linear needs minutes for one of these texts, one that is some milliseconds.
    const hangs = () => resolve(`${at} hangs`)
    worker.on('message', (message: string) => {
      at = message
      clearTimeout(guard)
      if (message === 'done') resolve(message)
      else guard = setTimeout(hangs, 20_000)
    })
    worker.on('error', reject)
  })
  const outcome = await done
  await worker.terminate()
  expect(outcome).toBe('done')
})
