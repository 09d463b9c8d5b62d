import { connect } from 'node:net'

/** Sends bytes as they are and reads until the server closes; for what no HTTP client would send. */
export function rawHttp(url: string, text: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text))
    let answer = ''
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer: ${answer}`)))
    socket.on('data', chunk => {
      answer += chunk.toString()
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
  })
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
