/** What others wrote can neither steer a terminal nor turn the direction of its text, whichever command prints it. */
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { createScreen } from '../src/commands/chat-screen.ts'
import { printTable } from '../src/commands/print.ts'
import { plainJson, plainLine, plainText } from '../src/core/plain-text.ts'
import { humanLine } from '../src/telemetry/human-line.ts'
import { type OpenGateway, openGateway } from './gateway/open-gateway.ts'

const run = promisify(execFile)
const steering = [
  ['an escape sequence', '\u001b[2J\u001b]0;owned\u0007'],
  ['an escape of one character', '\u009b2J'],
  ['a carriage return', 'safe\rrm'],
  ['a backspace', 'yes\b\b\bno'],
  ['delete', '\u007f'],
  ['a turned direction', '\u202etxt.exe\u202c'],
  ['an isolate', '\u2066x\u2069'],
  ['the Arabic mark', '\u061c'],
  ['a line separator', 'a\u2028b']
] as const
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

describe.each(steering)('%s', (_, text) => {
  afterEach(() => void jest.restoreAllMocks())

  test('is taken out of text, and out of lines', () => {
    expect(plainText(`a\tü\n${text}`)).not.toMatch(bad)
    expect(plainText('a\tü\n漢 👍🏽')).toBe('a\tü\n漢 👍🏽')
    expect(plainLine(`a\n${text}`)).not.toMatch(/\n/)
  })

  test('is an escape in JSON, which says the same', () => {
    const json = plainJson({ [text]: [text] }, 2)
    expect(json).not.toMatch(bad)
    expect(JSON.parse(json)).toEqual({ [text]: [text] })
  })

  test('does not come through a table, the chat or the log of a person', () => {
    const written: string[] = []
    jest.spyOn(process.stdout, 'write').mockImplementation(chunk => written.push(String(chunk)) > 0)
    printTable(['name'], [[`x${text}`]])
    jest.restoreAllMocks()
    const sink = new Writable({
      write: (chunk, _encoding, done) => done(void written.push(String(chunk)))
    }) as unknown as NodeJS.WriteStream
    createScreen(sink, sink).say(`x${text}`)
    const line = humanLine(JSON.stringify({ level: 'info', time: '2026-01-01T00:00:00Z', msg: text, bot: text, err: { stack: text } }))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of the line itself
    written.push(line.replaceAll(/\u001b\[[0-9;]*m/g, ''))
    expect(written).toHaveLength(3)
    for (const one of written) expect(one).not.toMatch(bad)
  })
})

describe('retrofit call', () => {
  let gateway: OpenGateway
  beforeAll(async () => {
    gateway = await openGateway()
  })
  afterAll(() => gateway.close())

  test.each([[], ['--json'], ['--text']])('prints an output without what steers: %j', async (...more) => {
    // No argument of a program can hold NUL; the rest is what steers.
    const text = steering.map(([, one]) => one).join('')
    const args = ['src/main.ts', 'call', 'demo_echo', `text=${text}`, '--url', gateway.url, '--key', gateway.adminKey, ...more]
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args])
    expect(stdout).toContain('owned')
    expect(stdout).not.toMatch(bad)
  })
})

test('no command writes JSON to a terminal by itself; what MCP clients read is no terminal', () => {
  const commands = globSync('src/commands/*.ts').filter(path => !path.endsWith('/mcp.ts'))
  const own = commands.filter(path => /\.write\([^\n]*JSON\.stringify/.test(readFileSync(path, 'utf8')))
  expect(own).toEqual([])
})
