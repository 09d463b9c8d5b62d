/** The message about the end of a run outlives every process: those that accepted the run, that worked on it, and that were about to send. */
import { createHmac } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { openReceiver, type Received } from '../gateway/receiver.ts'
import { until } from '../setup/until.ts'
import { createClient } from './client.ts'
import { deploy, kinds, sharedSettings } from './deployment.ts'
import { echoBot } from './echo-bot.ts'
import { openSite } from './site.ts'

/** A lease has to end, and a claimed try to come due again, on whatever machine. */
const slowMs = 400_000

const signatureOf = ({ headers, body }: Received, secret: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    .digest('base64')}`

// They mostly wait: for leases that end, and for a claimed try to come due again.
test.concurrent.each(kinds)(
  '%s: killed before the run has ended, and again before the message was taken, it sends the message with the same id',
  async kind => {
    const [site, receiver] = [openSite(), await openReceiver()]
    try {
      site.addBot('probe', echoBot({ version: '1.0.0', delay: '1s' }))
      const env = { ...(await sharedSettings(site, kind)), CALLBACK_ORIGINS: receiver.origin }
      const { gateways, parts } = await deploy(site, kind, env)
      const made = await site.run(`keys create --name flow --scopes probe:* --callback ${receiver.origin}/done --json`, env)
      const { key, callbackSecret } = JSON.parse(made.output.slice(made.output.indexOf('{'), made.output.lastIndexOf('}') + 1))
      const client = createClient(() => gateways[0]?.program.url ?? '', key)
      receiver.answer = 503
      const accepted = await client.call(
        'probe_ask',
        {},
        {
          headers: { prefer: 'respond-async', 'callback-url': `${receiver.origin}/done`, 'callback-token': 'task-1' }
        }
      )
      expect(accepted.status).toBe(202)
      await Promise.all(gateways.map(({ program }) => program.kill()))
      await Promise.all(gateways.map(gateway => gateway.restart()))
      const first = await until('the first message', () => receiver.received[0], slowMs)

      await Promise.all(parts.map(({ program }) => program.kill()))
      const before = receiver.received.length
      receiver.answer = 204
      await Promise.all(parts.map(part => part.restart()))
      const last = await until('another message', () => receiver.received[before], slowMs)
      expect(last.json).toMatchObject({
        type: 'run.completed',
        data: { runId: accepted.body.runId, output: { version: '1.0.0' }, token: 'task-1' }
      })
      expect([last.headers['webhook-id'], last.body]).toEqual([first.headers['webhook-id'], first.body])
      for (const message of [first, last]) expect(message.headers['webhook-signature']).toBe(signatureOf(message, callbackSecret))
      await until('it is noted', async () => {
        const { body } = await client.request('GET', '/v1/callbacks?state=delivered')
        return (body.callbacks as readonly object[]).length === 1
      })
    } finally {
      await site.close()
      await receiver.close()
    }
  },
  900_000
)
