/**
 * Thrown by an adapter after `commit()` when it holds evidence that nothing left for the target
 * (no request was sent, the connection was never made): the effect is cleared again.
 */
export class NothingSent extends Error {
  readonly retryable: boolean
  /** As in `RetrofitError`. */
  readonly targetDown: boolean
  readonly targetSaid: string | undefined
  constructor(
    detail: string,
    options: {
      readonly retryable: boolean
      readonly targetDown?: boolean | undefined
      readonly targetSaid?: string | undefined
      readonly cause?: unknown
    }
  ) {
    super(detail, { cause: options.cause })
    this.name = 'NothingSent'
    this.retryable = options.retryable
    this.targetDown = options.targetDown ?? false
    this.targetSaid = options.targetSaid
  }
}
