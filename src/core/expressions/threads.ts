/** Threads that evaluate expressions: kept warm, few, each ended when an expression takes too long or too much memory. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Answer, Question, ThreadData } from './protocol.ts'

/** Wall time of one evaluation. */
export const limitMs = 250
/** How long one may wait for a thread that is free, or for one to begin. */
const patienceMs = 20_000
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 2 }
/** Two at least: one that is busy with an expression that never ends must not hold up the others. */
const mostThreads = Math.max(2, Math.min(4, navigator.hardwareConcurrency - 1))

/** The expression was ended. Another try would end the same way. */
export class Ended extends Error {
  /** Which of the sources it was. */
  readonly index: number
  constructor(message: string, index = 0) {
    super(message)
    this.index = index
  }
}

interface Job {
  readonly question: Question
  readonly settle: (answer: Answer | Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly port: MessagePort
  readonly clock: BigInt64Array
  job: Job | undefined
  postedAt: number
  timer: NodeJS.Timeout | undefined
}

const threads = new Set<Thread>()
const waiting: Job[] = []

/** Rejects with `Ended` when it was ended, with another error when no thread was to be had. */
export function ask(question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (answer: Answer | Error) => (answer instanceof Error ? reject(answer) : resolve(answer))
    const free = freeThread()
    if (free === undefined) wait({ question, settle })
    else give(free, { question, settle })
  })
}

function freeThread(): Thread | undefined {
  for (const thread of threads) if (thread.job === undefined) return thread
  return threads.size < mostThreads ? start() : undefined
}

function wait({ question, settle }: Job): void {
  const timer = setTimeout(() => {
    waiting.splice(waiting.indexOf(job), 1)
    settle(new Error('waited too long: other expressions take all the time there is'))
  }, patienceMs)
  const job: Job = {
    question,
    settle: answer => {
      clearTimeout(timer)
      settle(answer)
    }
  }
  waiting.push(job)
}

function start(): Thread {
  const { port1: port, port2 } = new MessageChannel()
  const clock = new BigInt64Array(new SharedArrayBuffer(16))
  const workerData: ThreadData = { port: port2, clock }
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData, transferList: [port2], resourceLimits, env: {} })
  const thread: Thread = { worker, port, clock, job: undefined, postedAt: 0, timer: undefined }
  let why = new Error('the thread of expressions ended')
  worker.on('error', (error: NodeJS.ErrnoException) => {
    why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new Ended('takes too much memory: let it make less', indexIn(clock)) : error
  })
  worker.on('exit', () => gone(thread, why))
  port.on('message', (answer: Answer) => done(thread, answer))
  // Neither keeps the process; an evaluation that is under way does.
  worker.unref()
  port.unref()
  threads.add(thread)
  return thread
}

const indexIn = (clock: BigInt64Array): number => Number(Atomics.load(clock, 1))

function give(thread: Thread, job: Job): void {
  thread.job = job
  thread.postedAt = performance.now()
  thread.port.ref()
  thread.port.postMessage(job.question)
  thread.timer = setTimeout(look, limitMs, thread)
}

function done(thread: Thread, answer: Answer | Error): void {
  const { job } = thread
  if (job === undefined) return
  clearTimeout(thread.timer)
  thread.job = undefined
  thread.port.unref()
  job.settle(answer)
  const next = waiting.shift()
  if (next === undefined) return
  const free = threads.has(thread) ? thread : freeThread()
  if (free === undefined) waiting.unshift(next)
  else give(free, next)
}

/** The time that this process or the start of the thread took is not the expression's. */
function look(thread: Thread): void {
  const said = receiveMessageOnPort(thread.port)
  const begun = Atomics.load(thread.clock, 0)
  const ranMs = begun === 0n ? 0 : Number(process.hrtime.bigint() - begun) / 1e6
  if (said !== undefined) done(thread, said.message as Answer)
  else if (ranMs >= limitMs) end(thread, new Ended(`takes longer than ${limitMs} milliseconds: let it do less`, indexIn(thread.clock)))
  else if (begun === 0n && performance.now() - thread.postedAt > patienceMs) end(thread, new Error('no thread began in time'))
  else thread.timer = setTimeout(look, Math.max(1, limitMs - ranMs), thread)
}

/** Another one takes its place at once, so that it is warm when it is needed. */
function end(thread: Thread, why: Error): void {
  threads.delete(thread)
  void thread.worker.terminate()
  start()
  done(thread, why)
}

function gone(thread: Thread, why: Error): void {
  threads.delete(thread)
  thread.port.close()
  done(thread, why)
}
