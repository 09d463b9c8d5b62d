#!/usr/bin/env node
// The command `retrofit`. Runs on any Node that a machine may have and hands over to Node 24, so: no dependencies, old syntax.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const own = join(root, '.tools', 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
const isNew = Number(process.versions.node.split('.')[0]) >= 24
const node = isNew ? process.execPath : own

if (!existsSync(node) || !existsSync(join(root, 'node_modules'))) {
  console.error('retrofit: not set up yet. Run `npm start` or `npm test` first, or `sh scripts/setup.sh static`.')
  process.exit(1)
}

const flags = ['--disable-warning=ExperimentalWarning']
const child = spawn(node, flags.concat(join(root, 'src', 'main.ts'), process.argv.slice(2)), { stdio: 'inherit' })

// A terminal sends its signals to both processes by itself; twice would look like an impatient second Ctrl-C.
const forwarded = process.stdin.isTTY ? ['SIGTERM'] : ['SIGTERM', 'SIGINT', 'SIGHUP']
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => forwarded.includes(signal) && child.kill(signal))
}
child.on('error', error => {
  console.error(`retrofit: ${node} does not start: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
