import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { patienceMs, until } from '../setup/until.ts'
import type { Answer, Client } from './client.ts'
import { type Deployment, deploy, kinds } from './deployment.ts'
import { brokenBot, echoBot } from './echo-bot.ts'
import { openSite, type Site } from './site.ts'

let site: Site
beforeEach(() => {
  site = openSite()
})
afterEach(() => site.close())

const ask = (client: Client, action = 'probe_ask'): Promise<Answer> => client.call(action, {})

/** Every gateway knows this version, at the latest after `withinMs`, and a call to it is answered by it. */
async function everywhere({ clients }: Deployment, version: string, { bot = 'probe', withinMs = patienceMs } = {}): Promise<void> {
  const known = () => Promise.all(clients.map(async client => (await client.request('GET', `/v1/bots/${bot}`)).body.version))
  const end = Date.now() + withinMs
  for (let seen = await known(); !seen.every(one => one === version); seen = await known()) {
    if (Date.now() > end) throw new Error(`not ${version} everywhere within ${withinMs} ms: ${JSON.stringify(seen)}`)
    await sleep(50)
  }
  const answers = await Promise.all(clients.map(client => ask(client, `${bot}_ask`)))
  expect(answers.map(({ body }) => body)).toEqual(clients.map(() => ({ version })))
}

/** Longer than the moment after which a change would have shown. */
const wellAfterMs = 1_500

describe.each(kinds)('%s: a bot that is registered over HTTP', kind => {
  test('takes effect without a restart and survives one; a bad version leaves the good one', async () => {
    const deployed = await deploy(site, kind)
    const { client, clients, parts } = deployed
    expect((await ask(client)).body).toMatchObject({ status: 404, code: 'action_not_found' })

    const made = await client.putBot('probe', echoBot({ version: '1.0.0' }))
    expect(made).toMatchObject({ status: 201, body: { bot: 'probe', version: '1.0.0', origin: 'registered' } })
    expect((await ask(client)).body).toEqual({ version: '1.0.0' })
    await everywhere(deployed, '1.0.0')

    // A run that is under way finishes on the version that it started with, whichever worker has it.
    await client.putBot('probe', echoBot({ version: '1.1.0', delay: '2s' }))
    await Promise.all(
      clients.map(one => until('the new version', async () => (await one.request('GET', '/v1/bots/probe')).body.version === '1.1.0'))
    )
    const slow = clients.map(one => ask(one))
    await until(
      'the runs are under way',
      async () => (await client.runs()).filter(({ status }) => status === 'working').length === clients.length
    )
    const replaced = await (clients.at(-1) as Client).putBot('probe', echoBot({ version: '2.0.0' }))
    expect(replaced).toMatchObject({ status: 200, body: { version: '2.0.0' } })
    await everywhere(deployed, '2.0.0')
    expect((await Promise.all(slow)).map(({ body }) => body)).toEqual(clients.map(() => ({ version: '1.1.0' })))

    const bad = await client.putBot('probe', brokenBot('3.0.0'))
    expect(bad).toMatchObject({ status: 422, body: { code: 'invalid_manifest' } })
    expect((bad.body.errors as { message: string }[]).some(({ message }) => /^line \d+, column \d+: /.test(message))).toBe(true)
    await sleep(wellAfterMs)
    await everywhere(deployed, '2.0.0', { withinMs: 0 })

    // It would go where an operator has not sent it.
    const elsewhere = echoBot({ version: '4.0.0' }).replace('http://127.0.0.1:9', 'http://127.0.0.1:6379')
    const why = expect.stringMatching(
      /target\.url: 127\.0\.0\.1 is no public address, and http:\/\/127\.0\.0\.1:6379 is not in TARGET_ORIGINS/
    )
    const refused = await client.putBot('probe', elsewhere)
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_manifest', errors: [{ pointer: '/target/url', message: why }] } })
    const checked = await client.request('POST', '/v1/bots/check', { body: elsewhere, headers: { 'content-type': 'application/yaml' } })
    expect(checked.body).toMatchObject({ valid: false, issues: [{ message: why }] })
    await everywhere(deployed, '2.0.0', { withinMs: 0 })

    for (const part of parts) await part.program.kill()
    await Promise.all(parts.map(part => part.restart()))
    await everywhere(deployed, '2.0.0')

    expect((await client.request('DELETE', '/v1/bots/probe')).status).toBe(204)
    await Promise.all(clients.map(one => until('it is gone', async () => (await ask(one)).status === 404)))
  })
})

test('a file in BOTS_DIR that changes is picked up; a broken one does not replace the good one', async () => {
  site.addBot('probe', echoBot({ version: '1.0.0' }))
  const deployed = await deploy(site, 'embedded')
  const { client, parts } = deployed
  await everywhere(deployed, '1.0.0')

  site.addBot('probe', echoBot({ version: '1.1.0' }))
  await everywhere(deployed, '1.1.0')

  site.addBot('probe', brokenBot('1.2.0'))
  await until('the mistake is written', async () => /probe\/bot\.yaml:\d+:\d+ .*efect/.test(deployed.output().toString()))
  await everywhere(deployed, '1.1.0', { withinMs: 0 })

  // A new folder appears; what comes from a file can not be replaced over HTTP.
  site.addBot('vault', echoBot({ name: 'vault', version: '5.0.0' }))
  await everywhere(deployed, '5.0.0', { bot: 'vault' })
  expect(await client.putBot('vault', echoBot({ name: 'vault', version: '6.0.0' }))).toMatchObject({ body: { code: 'bot_from_file' } })

  // Still broken at the next start: the program starts without it and says so.
  await parts[0]?.program.stop()
  await parts[0]?.restart()
  await everywhere(deployed, '5.0.0', { bot: 'vault' })
  expect(await ask(client)).toMatchObject({ status: 404 })
  expect(parts[0]?.program.output().toString()).toMatch(/probe\/bot\.yaml:\d+:\d+/)
})
