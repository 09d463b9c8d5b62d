/** What the parts of the loop owe each other. Each can be replaced by another that keeps the same contract. */
import type { ActionEffect, JsonObject, RunEffect } from '../core/types.ts'

/** A call as the model wrote it. */
export interface ToolCall {
  /** Not empty, and once in its reply: the inference sees to that, whatever the endpoint sent. */
  readonly id: string
  readonly name: string
  /** JSON text, or what the model takes for it. */
  readonly arguments: string
}

/** One entry of the dialogue. */
export type Item =
  | { readonly kind: 'question'; readonly text: string }
  | { readonly kind: 'reply'; readonly text: string; readonly calls: readonly ToolCall[]; readonly native?: unknown }
  | { readonly kind: 'result'; readonly call: ToolCall; readonly text: string }

/** An action as the model may call it. */
export interface AgentTool {
  readonly name: string
  readonly title: string
  readonly effect: ActionEffect
  /** Its calls go into the session of the conversation. */
  readonly usesSession?: boolean | undefined
  /** In the inference's own format. */
  readonly definition: JsonObject
}

export interface Prompt {
  readonly instructions: string
  readonly items: readonly Item[]
  readonly tools: readonly AgentTool[]
  /** The last turn that the budget allows: the model has to answer, not to call. */
  readonly mustAnswer: boolean
}

export interface Dialogue {
  readonly items: readonly Item[]
  readonly tools: readonly AgentTool[]
  readonly mustAnswer: boolean
  /** The model took no more: results have to give way until the items have at most so many characters. Absent: not known. */
  readonly characters?: number | undefined
}

/** Chooses what the model gets to read. */
export interface PromptBuilder {
  build(dialogue: Dialogue): Prompt
}

export interface Tokens {
  readonly input: number
  /** Of the input: what the provider had kept from before. */
  readonly cached: number
  readonly output: number
  /** The endpoint did not say; they were counted here. */
  readonly estimated: boolean
}

export interface Reply {
  readonly text: string
  readonly calls: readonly ToolCall[]
  /** `length`: cut off by the model's own limit, so that its calls may be half of what was meant. */
  readonly finish: 'stop' | 'length' | 'refused'
  readonly tokens: Tokens
  /** What the endpoint wants back as it was, e.g. signatures and sealed reasoning. */
  readonly native?: unknown
}

/** Asks a model once. Throws when there is no whole reply: then none of its calls is made. */
export interface Inference {
  /** Of the definitions that it takes; the actions are called with the same. */
  readonly format: 'openai' | 'openai-responses'
  readonly model: string
  infer(prompt: Prompt, options: { readonly signal: AbortSignal; readonly onText: (text: string) => void }): Promise<Reply>
}

export interface ReadyCall {
  readonly call: ToolCall
  readonly tool: AgentTool
  readonly input: JsonObject
}

/** A call that is not made, and what the model is told about it. */
export interface RefusedCall {
  readonly call: ToolCall
  readonly code: string
  readonly complaint: string
}

/** Judges a reply before anything is done: one entry for each call, in their order. */
export interface ResponseCheck {
  check(reply: Reply, tools: readonly AgentTool[]): readonly (ReadyCall | RefusedCall)[]
}

export interface Progress {
  readonly runId: string
  readonly status: string
  /** The step that ended last. */
  readonly step?: string | undefined
}

export interface Outcome {
  readonly ok: boolean
  /** For the model. */
  readonly text: string
  /** Of a problem. */
  readonly code?: string
  /** Whether the side effect exists: `none` gives the effect back to the budget. */
  readonly effect: RunEffect
  readonly runId?: string
  readonly replayed?: boolean
}

/** Makes a call and waits for its end, however long the run takes. Never throws: what went wrong is an outcome. */
export interface ActionExecution {
  execute(call: ReadyCall, options: ExecuteOptions): Promise<Outcome>
}

export interface ExecuteOptions {
  /** The same for every try of this call. */
  readonly idempotencyKey: string
  /** Aborted: the person does not want it any more. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export type Decision = { readonly approved: true } | { readonly approved: false; readonly reason: string }

/** Asks a person before something is done. Questions come one after the other. */
export interface Approval {
  /** Effects that are asked about. */
  readonly effects: ReadonlySet<ActionEffect>
  ask(call: ReadyCall, signal: AbortSignal): Promise<Decision>
}

export interface Parts {
  readonly prompt: PromptBuilder
  readonly inference: Inference
  readonly check: ResponseCheck
  readonly execution: ActionExecution
  readonly approval: Approval
}

/** One line of the transcript: what a hop cost. It holds neither arguments nor results. */
export type Hop =
  | {
      readonly hop: 'model'
      readonly turn: number
      readonly ms: number
      readonly firstTextMs?: number
      readonly tokens: Tokens
      readonly calls: number
    }
  | {
      readonly hop: 'action'
      readonly turn: number
      readonly action: string
      readonly callId: string
      readonly ok: boolean
      readonly code?: string
      readonly runId?: string
      /** Without the time that the person took to decide. */
      readonly ms: number
      readonly decisionMs?: number
      readonly resultCharacters: number
    }

/** What a screen shows while an answer comes into being. */
export type AgentEvent =
  | { readonly type: 'turn'; readonly turn: number }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly call: ToolCall; readonly tool?: AgentTool; readonly input?: JsonObject }
  | { readonly type: 'started'; readonly callId: string }
  | { readonly type: 'progress'; readonly callId: string; readonly progress: Progress }
  | { readonly type: 'result'; readonly callId: string; readonly outcome: Outcome; readonly ms: number }
  | { readonly type: 'hop'; readonly hop: Hop }

export type Stop = 'answered' | 'refused' | 'cut_off' | 'turn_limit' | 'token_limit' | 'interrupted'

export interface Answer {
  readonly text: string
  readonly stop: Stop
  readonly turns: number
  readonly tokens: Tokens
  /** Side effects that this answer caused, or may have caused. */
  readonly effects: number
  readonly ms: number
  readonly hops: readonly Hop[]
}
