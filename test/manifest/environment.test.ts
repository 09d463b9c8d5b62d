/** What a manifest may read of the environment, and that no message shows what it read. */
import { describe, expect, test } from '@jest/globals'
import { hideEnvironment } from '../../src/engine/hide-environment.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { adapters, good } from './manifests.ts'

const load = (source: string, env: (name: string) => string | undefined | null) => loadManifest(source, { file: 'bot.yaml', adapters, env })

test.each(['DB_PASS', 'DATABASE_URL', 'OTEL_EXPORTER_OTLP_HEADERS', 'PATH'])(
  '%s is refused where the operator does not list it',
  async name => {
    const source = good.replaceAll('ECHO_URL', name)
    const { bot, issues } = await load(source, asked => (asked === name ? null : '/tmp/ledger'))
    expect(bot).toBeUndefined()
    expect(issues[0]?.message).toBe(
      `env[0]: manifests may not read ${name}: call it BOT_${name}, or let the operator add ${name} to the setting MANIFEST_ENV`
    )
  }
)

const withEgress = good.replace('  concurrency: 4', '  egress: ["{{ env.ECHO_URL }}"]')

describe.each([
  ['not an address', 'S3cretValue and more'],
  ['no address of a host', 'http://S3cretValue:port/'],
  ['another protocol', 'ftp://s3cretvalue.example/S3cretValue'],
  ['a login', 'postgres://me:S3cretValue@db.example/S3cretValue'],
  ['a login over http', 'http://S3cretValue:S3cretValue@db.example/'],
  ['a path', 'https://s3cretvalue.example/S3cretValue'],
  ['the metadata address', 'http://169.254.169.254/S3cretValue']
])('a value that is %s', (kind, value) => {
  test.each([
    ['target.url', good],
    ['target.egress', withEgress],
    ['the middle of an address', good.replace('"{{ env.ECHO_URL }}"', '"https://x.example:1{{ env.ECHO_URL }}"')]
  ])('is not shown where it stands in %s', async (_, source) => {
    const { bot, issues } = await load(source, name => (name === 'ECHO_URL' ? value : '/tmp/ledger'))
    expect(bot !== undefined).toBe(kind === 'a path' && source === good)
    expect(JSON.stringify(issues)).not.toMatch(/s3cret|169\.254/i)
  })
})

test.each([
  ['connect ECONNREFUSED core.bank.example:8443', 'connect ECONNREFUSED {{ env.CORE }}'],
  ['goto: https://core.bank.example:8443/soap/v1 answers 500', 'goto: {{ env.CORE }} answers 500'],
  ['goto: https://core.bank.example:8443/other answers 500', 'goto: {{ env.CORE }}/other answers 500'],
  ['getaddrinfo ENOTFOUND core.bank.example', 'getaddrinfo ENOTFOUND {{ env.CORE }}'],
  ['the branch is Northampton', 'the branch is {{ env.BRANCH }}'],
  ['1 of 1', '1 of 1']
])('%s', (text, shown) => {
  expect(hideEnvironment({ CORE: 'https://core.bank.example:8443/soap/v1', BRANCH: 'Northampton', ONE: '1' })(text)).toBe(shown)
})
