import type { Problem } from './events'

/**
 * Why there is no answer: the service said so (`problem`), it could not be reached, it closed the
 * stream before the end, it sent nothing for too long, or it sent what the contract does not allow.
 */
export type Failure =
  | { kind: 'problem'; problem: Problem }
  | { kind: 'unreachable' | 'cut_off' | 'silent' | 'malformed' }

/** Ends an answer stream before its last event. */
export class StreamError extends Error {
  override readonly name = 'StreamError'

  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.kind === 'problem' ? failure.problem.title : failure.kind, options)
  }
}

/** Read the problem of a response that is not an answer stream, whatever its body is. */
export async function readProblem(response: Response): Promise<Problem> {
  const body = await readJson(response)
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
  return {
    type: text('type') || 'about:blank',
    title: text('title') || `HTTP ${response.status} ${response.statusText}`.trim(),
    status: response.status,
    detail: text('detail'),
    request_id: text('request_id') || (response.headers.get('x-request-id') ?? ''),
  }
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    // A proxy in between answers with HTML; the status line is then all there is.
    return {}
  }
}
