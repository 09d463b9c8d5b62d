/** Functions and questions, ours or a published set, as actions to be found. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Action, JsonObject } from '../../src/core/types.ts'

export interface Question {
  readonly question: string
  /** The name of the function that answers it. */
  readonly answer: string
}

export interface FunctionSet {
  readonly actions: readonly Action[]
  readonly questions: readonly Question[]
}

const rows = (file: string): readonly JsonObject[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line) as JsonObject)

/** What a search looks at; nothing here is ever called. */
const actionOf = (name: string, title: string, description: string, input: JsonObject): Action =>
  ({ name, title, description, input }) as unknown as Action

interface Argument {
  readonly name: string
  readonly description?: string
  readonly choices?: readonly string[]
}

/** Our own set: `functions.jsonl` and `questions.jsonl` of a folder. */
export function readFunctions(folder: string): FunctionSet {
  const actions = rows(join(folder, 'functions.jsonl')).map(({ name, title, description, arguments: given }) => {
    const properties = (given as unknown as readonly Argument[]).map(({ name: own, description: said = '', choices = [] }) => [
      own,
      { description: said, enum: choices }
    ])
    return actionOf(String(name), String(title), String(description), { type: 'object', properties: Object.fromEntries(properties) })
  })
  return { actions, questions: rows(join(folder, 'questions.jsonl')) as unknown as readonly Question[] }
}

interface BfclRow {
  readonly id: string
  readonly question: readonly (readonly { readonly role: string; readonly content: string }[])[]
  readonly function: readonly { readonly name: string; readonly description?: string; readonly parameters?: JsonObject }[]
}

/** The Berkeley Function Calling Leaderboard as it is published: `BFCL_v4_live_multiple.json`, and the file of the same name under `possible_answer`. The first function of a name stands for all. */
export function readBfcl(file: string, answers: string): FunctionSet {
  const asked = rows(file) as unknown as readonly BfclRow[]
  const truth = rows(answers) as unknown as readonly { readonly id: string; readonly ground_truth: readonly object[] }[]
  const byId = new Map(truth.map(({ id, ground_truth: [first = {}] }) => [id, Object.keys(first)[0]]))
  const functions = new Map<string, Action>()
  for (const { name, description = '', parameters = {} } of asked.flatMap(row => row.function))
    if (!functions.has(name)) functions.set(name, actionOf(name, name, description, parameters))
  const questions = asked.flatMap(({ id, question }) => {
    const said = question.flat().filter(({ role }) => role === 'user')
    const answer = byId.get(id)
    return answer === undefined ? [] : [{ question: said.map(({ content }) => content).join('\n'), answer }]
  })
  return { actions: [...functions.values()], questions }
}

export interface Recall {
  readonly at1: number
  readonly at5: number
  readonly at10: number
}

/** The part of the questions for which the right function is among the first. */
export function recallOf({ questions }: FunctionSet, search: (query: string) => readonly { readonly name: string }[]): Recall {
  const places = questions.map(({ question, answer }) => search(question).findIndex(({ name }) => name === answer))
  const at = (most: number): number => places.filter(place => place >= 0 && place < most).length / Math.max(1, places.length)
  return { at1: at(1), at5: at(5), at10: at(10) }
}
