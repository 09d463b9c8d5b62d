/** What a command prints arrives whole, also when it is more than a pipe holds and its reader is slow; and a reader may leave. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Program } from './e2e/program.ts'
import { adminKey, openSite, type Site } from './e2e/site.ts'

const main = join(import.meta.dirname, '../src/main.ts')
const pipeBytes = 65_536
const words = 'What it is for, in many words. '.repeat(40)

const bot = (name: string, extra = ''): string => `
bot: ${name}
version: 1.0.0
title: Talks much
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:${Array.from({ length: 52 }, (_, index) => action(index, extra)).join('')}
`
const action = (index: number, extra: string): string => `
  ask_${index}:
    title: Ask ${index}
    description: "${words}"
    effect: read
    scopes: [talker:read]
    input: { type: object, additionalProperties: false, properties: { note: { type: string, maxLength: 200000 } } }
    output: { type: object, required: [text], properties: { text: { type: string } } }
    result: { text: "{{ $pad('the end', -200000, 'x') }}" }${extra}`

const names = Array.from({ length: 160 }, (_, index) => `Operation${index}`)
const each = (write: (name: string) => string): string => names.map(write).join('\n')
const body = '<s:body use="literal" namespace="urn:talk"/>'
const service = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:talk"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:talk">
${each(name => `<message name="${name}In"><part name="text" type="xsd:string"/></message>`)}
${each(name => `<message name="${name}Out"><part name="text" type="xsd:string"/></message>`)}
<portType name="Talk">
${each(name => `<operation name="${name}"><input message="t:${name}In"/><output message="t:${name}Out"/></operation>`)}
</portType><binding name="Talk" type="t:Talk"><s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
${each(name => `<operation name="${name}"><s:operation/><input>${body}</input><output>${body}</output></operation>`)}
</binding><service name="Talk"><port name="Talk" binding="t:Talk"><s:address location="http://127.0.0.1:9/talk"/></port></service></definitions>`

const unknown = Array.from({ length: 12 }, (_, index) => `\n    nothing_of_this_name_is_known_${index}: 1`).join('')

let site: Site
let program: Program

beforeAll(async () => {
  site = openSite()
  site.addBot('talker', bot('talker'))
  // All of it goes through the pipe.
  program = await site.start('up', { RESULT_TOKENS: '0' })
  mkdirSync(at('mistakes'), { recursive: true })
  writeFileSync(at('mistakes/bot.yaml'), bot('wrong', unknown))
  writeFileSync(at('service.wsdl'), service)
})
afterAll(() => site.close())

const at = (name: string): string => join(site.dir, name)

interface Said {
  readonly out: string
  readonly err: string
  readonly code: number
}

/** A pipe of the system, as a shell makes it: those of Node's own children are sockets, which hold more. */
function piped(args: readonly string[], reader: string, turned = ''): Promise<Said> {
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: site.dataDir,
    BOTS_DIR: site.botsDir,
    RETROFIT_ADMIN_KEY: adminKey
  }
  const script = `"$0" --disable-warning=ExperimentalWarning "$@" ${turned} | { ${reader}; }; exit "\${PIPESTATUS[0]}"`
  return new Promise(resolve => {
    execFile('bash', ['--norc', '-c', script, process.execPath, main, ...args], { env, maxBuffer: 50_000_000 }, (error, out, err) =>
      resolve({ out, err, code: typeof error?.code === 'number' ? error.code : 0 })
    )
  })
}

const gateway = (): string[] => ['--url', program.url]

test.each<[name: string, args: () => string[], code: number, end: RegExp]>([
  ['call', () => ['call', 'talker_ask_1', ...gateway()], 0, /x{9}the end"\n}\n$/],
  ['call --json', () => ['call', 'talker_ask_1', '--json', ...gateway()], 0, /the end[^x]*}\n$/],
  ['call --text', () => ['call', 'talker_ask_1', '--text', ...gateway()], 0, /x{9}the end"?\n$/],
  ['tools', () => ['tools', '--format', 'openai', ...gateway()], 0, /\n]\n$/],
  ['openapi', () => ['openapi', ...gateway()], 0, /\n}\n$/],
  ['openapi --yaml', () => ['openapi', '--yaml', ...gateway()], 0, /\S\n$/],
  ['check of many mistakes', () => ['check', at('mistakes')], 1, /\S\n$/],
  ['check --json', () => ['check', at('mistakes'), '--json'], 1, /}\n$/],
  ['import --json', () => ['import', 'wsdl', at('service.wsdl'), '--out', at(`made_json`), '--json'], 0, /}\n$/]
])('%s', async (_, args, code, ending) => {
  const whole = await piped(args(), 'cat')
  expect(whole.err).toBe('')
  expect(whole.out.length).toBeGreaterThan(pipeBytes)
  expect(whole.out).toMatch(ending)
  expect(whole.code).toBe(code)
})

test('a reader that has seen enough leaves: nothing is said, and the command does its work', async () => {
  const made = at('made_unread')
  const said = await piped(['import', 'wsdl', at('service.wsdl'), '--out', made, '--json'], 'head -c 1')
  expect(said).toEqual({ out: '{', err: '', code: 0 })
  expect(readFileSync(join(made, 'bot.yaml'), 'utf8')).toContain('operation159')
})

test('an error is told whole on a standard error that is a pipe', async () => {
  const said = await piped(['call', 'talker_ask_1', `nothing-${'x'.repeat(100_000)}=1`, ...gateway()], 'cat', '2>&1 >/dev/null')
  expect(said.code).toBe(1)
  expect(JSON.parse(said.out)).toMatchObject({ code: 'invalid_input' })
})
