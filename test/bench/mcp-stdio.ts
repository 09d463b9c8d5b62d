/** An MCP server over stdio, as an agent's host starts it. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface McpTool {
  readonly name: string
  readonly description: string
  readonly inputSchema: Readonly<Record<string, unknown>>
}

export interface McpServer {
  tools(): Promise<readonly McpTool[]>
  /** The text of the result; an error of the tool throws. */
  call(name: string, args: object): Promise<string>
  stop(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly error?: { readonly message: string }
  // biome-ignore lint/suspicious/noExplicitAny: results of any method
  readonly result?: any
}

const answerLimitMs = 120_000

export async function startMcp(args: readonly string[], cwd: string): Promise<McpServer> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Map<number, (message: Message) => void>()
  let id = 0
  createInterface(child.stdout).on('line', line => {
    const message = JSON.parse(line) as Message
    if (message.id !== undefined) waiting.get(message.id)?.(message)
  })
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const ask = (method: string, params: object): Promise<Message['result']> =>
    new Promise((resolve, reject) => {
      const own = ++id
      const timer = setTimeout(() => reject(new Error(`${method} was not answered in time`)), answerLimitMs)
      waiting.set(own, ({ error, result }) => {
        clearTimeout(timer)
        waiting.delete(own)
        if (error === undefined) resolve(result)
        else reject(new Error(error.message))
      })
      send({ id: own, method, params })
    })
  await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } })
  send({ method: 'notifications/initialized' })
  return {
    tools: async () => (await ask('tools/list', {})).tools,
    async call(name, args) {
      const { content, isError } = await ask('tools/call', { name, arguments: args })
      const text = (content as readonly { readonly text?: string }[]).map(part => part.text ?? '').join('\n')
      if (isError) throw new Error(`${name} failed: ${text}`)
      return text
    },
    stop: () =>
      new Promise(resolve => {
        child.once('exit', () => resolve())
        child.stdin.end()
        setTimeout(() => child.kill('SIGKILL'), 10_000).unref()
      })
  }
}
