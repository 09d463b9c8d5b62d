/** Probes and metrics. */
import { RetrofitError } from '../core/errors.ts'
import type { Engine } from '../engine/engine.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { sendJson, sendText } from './exchange.ts'
import type { Handle } from './router.ts'
import type { GatewaySettings } from './settings.ts'

const readyTimeoutMs = 2_000

interface ServiceOptions {
  readonly engine: Engine
  readonly telemetry: Telemetry
  readonly settings: Pick<GatewaySettings, 'warnings'>
}

export function serviceOperations(options: ServiceOptions): Record<'getHealth' | 'getReadiness' | 'getMetrics', Handle> {
  const { engine, telemetry } = options
  const { warnings } = options.settings
  return {
    getHealth: ({ response }) => sendJson(response, 200, { status: 'alive' }),
    async getReadiness({ response }) {
      await within(engine.ready(), readyTimeoutMs)
      sendJson(response, 200, { status: 'ready', ...(warnings.length > 0 && { warnings }) })
    },
    async getMetrics({ response }) {
      sendText(response, 200, await telemetry.metricsText(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    }
  }
}

async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RetrofitError('not_ready', { detail: 'The ledger or the queue does not answer' })), timeoutMs)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
