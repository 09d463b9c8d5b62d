import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { usualBrowser, usualPaths } from '../adapters/playwright/browser.ts'
import { needsServers } from './setup/needs-servers.ts'
import { newerNode, triedNode } from './setup/newer-node.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const run = promisify(execFile)

/** A copy of the checkout's set-up whose `src/main.ts` tells what it was given. It shares what is installed. */
let copy: string

const main = `
process.on('SIGTERM', () => process.exit(5))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
console.log(JSON.stringify({ node: process.versions.node, args: process.argv.slice(2) }))
if (process.argv[2] === 'exit') process.exitCode = Number(process.argv[3])
`

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'retrofit-setup-'))
  for (const path of ['scripts', 'package.json', 'package-lock.json']) cpSync(join(root, path), join(copy, path), { recursive: true })
  for (const dir of ['src', 'node_modules']) mkdirSync(join(copy, dir))
  const installed = ['.tools', 'node_modules/.package-lock.json', 'node_modules/.retrofit-lock', 'node_modules/playwright-core']
  for (const path of installed) if (existsSync(join(root, path))) symlinkSync(join(root, path), join(copy, path))
  writeFileSync(join(copy, 'src/main.ts'), main)
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

/** The machine's own Node, which may be older, and not the one that runs this test. */
const machinePath = (process.env.PATH ?? '')
  .split(':')
  .filter(dir => !dir.includes('node_modules'))
  .join(':')
const env = { ...process.env, PATH: machinePath }

describe('scripts/setup.sh', () => {
  test('does nothing and says nothing when nothing is missing', () => {
    const { status, stdout, stderr } = spawnSync('sh', ['scripts/setup.sh', 'test'], { cwd: copy, env, encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('looks for a browser where the adapter does, which takes one without windows for nobody who wants to see it', () => {
    expect(read('scripts/setup.sh')).toContain(`\nusual_browsers='${usualPaths.join(' ')}'\n`)
    const shell = usualPaths.filter(path => path.includes('headless'))
    expect(shell).toHaveLength(1)
    expect(shell).not.toContain(usualBrowser({ headless: false }))
  })

  test('installs what is missing, a line for each, and only once', () => {
    const fresh = machineWithout('node_modules')
    const first = setUp(fresh, 'start')
    expect(first).toEqual({
      status: 0,
      lines: [
        `setup: installing Node ${triedNode} into .tools (this machine has v18.19.0)`,
        'setup: installing the dependencies into node_modules',
        'setup: installing Chromium with apt-get'
      ]
    })
    expect(setUp(fresh, 'start')).toEqual({ status: 0, lines: [] })
  })

  test('starts without a browser where none can be had, and says so; the tests need one', () => {
    const fresh = machineWithout('apt-get')
    expect(setUp(fresh, 'start').lines).toContain('setup: starting without a browser: actions of a portal will fail')
    expect(setUp(fresh, 'test')).toMatchObject({ status: 1, lines: [expect.stringContaining('CHROMIUM_PATH')] })
  })

  test('names what npm complained about', () => {
    const fresh = machineWithout('registry')
    expect(setUp(fresh, 'static')).toEqual({
      status: 1,
      lines: [
        expect.stringContaining(`installing Node ${triedNode}`),
        expect.stringMatching(/^setup: npm could not install node-\w+-\w+@24\.\d+\.\d+:$/),
        'npm error 404'
      ]
    })
  })

  test('takes the Node again when another one was tried since', () => {
    const fresh = machineWithout('node_modules')
    expect(setUp(fresh, 'static').status).toBe(0)
    writeFileSync(join(fresh.checkout, 'scripts/node-version'), '24.99.1\n')
    expect(setUp(fresh, 'static').lines).toEqual(['setup: installing Node 24.99.1 into .tools (this machine has v18.19.0)'])
    expect(setUp(fresh, 'static').lines).toEqual([])
  })

  test('says that npm install takes the place of npm ci, and never lets it for production', () => {
    const fresh = machineWithout('node_modules')
    writeFileSync(join(fresh.checkout, 'refuses-ci'), '')
    expect(setUp(fresh, 'production')).toMatchObject({
      status: 1,
      lines: expect.arrayContaining(['setup: npm could not install the dependencies:'])
    })
    expect(setUp(fresh, 'static')).toMatchObject({
      status: 0,
      lines: expect.arrayContaining([expect.stringContaining('trying npm install')])
    })
  })

  test('refuses a word that it does not know', () => {
    expect(setUp(machineWithout('node_modules'), 'everything')).toMatchObject({ status: 2, lines: [expect.stringContaining('usage:')] })
  })
})

describe('the Node that was tried', () => {
  test('is an exact version, and the same in the image', () => {
    expect(triedNode).toMatch(/^24\.\d+\.\d+$/)
    const dockerfile = read('docker/Dockerfile')
    expect(dockerfile).toContain(`\nARG NODE=${triedNode}\n`)
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
      'node:$NODE-bookworm-slim',
      'node:$NODE-bookworm-slim'
    ])
  })

  test.each([
    ['24.22.3', undefined],
    ['24.21.0', undefined],
    ['24.9.9', undefined],
    ['24.22.4', 'Node 24.22.4 is newer than 24.22.3, which this was tried with'],
    ['24.100.0', 'Node 24.100.0 is newer than 24.22.3, which this was tried with'],
    ['26.10.0', 'Node 26.10.0 is newer than 24.22.3, which this was tried with']
  ])('a run of the tests with %s says: %s', (running, said) => expect(newerNode(running, '24.22.3')).toBe(said))
})

describe('retrofit', () => {
  test("runs under the machine's own Node, hands over to Node 24, and keeps the exit code", async () => {
    const failed = await run('npx', ['--no', 'retrofit', 'exit', '7'], { cwd: copy, env }).catch(error => error)
    expect(failed.code).toBe(7)
    expect(JSON.parse(failed.stdout)).toEqual({ node: expect.stringMatching(/^(2[4-9]|[3-9]\d)\./), args: ['exit', '7'] })
  })

  test('passes SIGTERM on and waits for the end', async () => {
    const child = spawn('node', ['scripts/retrofit.mjs', 'wait'], { cwd: copy, env, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([5, null])
  })

  test('says what to run first when nothing is installed', async () => {
    const bare = mkdtempSync(join(copy, 'bare-'))
    cpSync(join(root, 'scripts'), join(bare, 'scripts'), { recursive: true })
    const failed = await run('node', ['scripts/retrofit.mjs', 'up'], { cwd: bare, env }).catch(error => error)
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('Run `npm start` or `npm test` first') })
  })

  test('npm start passes arguments and becomes the program, so that a signal reaches it', async () => {
    const { start } = JSON.parse(read('package.json')).scripts
    const child = spawn('sh', ['-c', start.replace('up --sandbox', 'wait')], { cwd: copy, env, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([5, null])
  })
})

test('the shared servers are started only for tests that read their addresses', () => {
  expect(needsServers(root, path => path.endsWith('/setup.test.ts'))).toBe(false)
  const dir = mkdtempSync(join(copy, 'tests-'))
  mkdirSync(join(dir, 'test'))
  writeFileSync(join(dir, 'test/both.ts'), `export const url = process.env.${'TEST_REDIS'}_URL`)
  writeFileSync(join(dir, 'test/far.test.ts'), "import { url } from './both.ts'\n")
  writeFileSync(join(dir, 'test/near.test.ts'), "import { test } from '@jest/globals'\n")
  expect(needsServers(dir, path => path.endsWith('far.test.ts'))).toBe(true)
  expect(needsServers(dir, path => path.endsWith('near.test.ts'))).toBe(false)
})

type Missing = 'node_modules' | 'apt-get' | 'registry'

/**
 * A machine with a bare PATH: the shell's own tools, an old Node, and stand-ins for npm and apt-get that install something that is just
 * enough to be found. What a real registry delivers is proved by running the two commands on a real machine.
 */
function machineWithout(missing: Missing): { readonly checkout: string; readonly env: NodeJS.ProcessEnv } {
  const machine = mkdtempSync(join(copy, 'machine-'))
  const [bin, checkout] = [join(machine, 'bin'), join(machine, 'checkout')]
  mkdirSync(bin)
  const tools = ['sh', 'env', 'uname', 'cksum', 'cat', 'mkdir', 'ln', 'dirname', 'grep', 'head', 'tail', 'find', 'cp', 'chmod', 'true']
  for (const tool of tools) symlinkSync(spawnSync('which', [tool], { encoding: 'utf8' }).stdout.trim(), join(bin, tool))
  const program = (name: string, script: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const chromium = join(machine, 'chromium')
  program('node', 'echo v18.19.0')
  program('id', 'echo 0')
  program('npm', missing === 'registry' ? 'echo npm error 404; exit 1' : npmStandIn)
  if (missing !== 'apt-get') program('apt-get', `echo '#!/bin/sh' > ${chromium}; chmod +x ${chromium}`)
  cpSync(join(root, 'scripts'), join(checkout, 'scripts'), { recursive: true })
  cpSync(join(root, 'package-lock.json'), join(checkout, 'package-lock.json'))
  const script = readFileSync(join(checkout, 'scripts/setup.sh'), 'utf8')
  // The one thing that PATH does not decide: where browsers are looked for.
  writeFileSync(join(checkout, 'scripts/setup.sh'), script.replace(/^usual_browsers=.*$/m, `usual_browsers=${chromium}`))
  return { checkout, env: { PATH: bin, HOME: machine } }
}

const npmStandIn = `
if [ "$1" = ci ] && [ -e refuses-ci ]; then echo npm error EUSAGE; exit 1; fi
if [ "$1" = ci ] || [ "$2" = --no-save ]; then mkdir -p node_modules/.bin; echo '{"packages":{}}' > node_modules/.package-lock.json; exit; fi
for last; do :; done
mkdir -p ".tools/node_modules/\${last%@*}/bin"
printf '#!/bin/sh\\necho v%s\\n' "\${last##*@}" > ".tools/node_modules/\${last%@*}/bin/node"
chmod +x ".tools/node_modules/\${last%@*}/bin/node"`

function setUp({ checkout, env }: ReturnType<typeof machineWithout>, what: string) {
  const { status, stderr, stdout } = spawnSync('sh', ['scripts/setup.sh', what], { cwd: checkout, env, encoding: 'utf8' })
  expect(stdout).toBe('')
  return { status, lines: stderr.split('\n').filter(line => line !== '') }
}
