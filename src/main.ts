/** The `retrofit` command. */
import { enableCompileCache } from 'node:module'

// Stripping types and compiling is most of a start; what was compiled once is kept (before anything else is loaded).
enableCompileCache()
const { runCli } = await import('./cli.ts')
const { drained, keepQuietWhenUnread } = await import('./command-end.ts')

const outputs = [process.stdout, process.stderr]
outputs.forEach(keepQuietWhenUnread)
process.exitCode = await runCli(process.argv)
await Promise.all(outputs.map(drained))
// Exporters may have timers left that would hold the process for seconds.
process.exit()
