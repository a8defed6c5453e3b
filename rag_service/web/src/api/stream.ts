import { readEvent } from './contract'
import { readProblem, StreamError } from './errors'
import type { AnswerEvent, Question } from './events'
import { EventParser } from './parser'

export interface StreamOptions {
  signal: AbortSignal
  fetch: typeof fetch
  /** The service sends a comment line now and then; a longer silence means that it is gone. */
  silenceLimit_ms?: number
}

/**
 * Ask a question and yield the events of its answer as they arrive. Aborting the signal, or leaving
 * the loop, closes the connection. Throws StreamError where no answer can come any more.
 */
export async function* streamAnswer(question: Question, options: StreamOptions): AsyncGenerator<AnswerEvent> {
  const watchdog = new Watchdog(options.silenceLimit_ms ?? 60_000)
  let response: Response | null = null
  try {
    response = await send(question, options.fetch, AbortSignal.any([options.signal, watchdog.signal]))
    const parser = new EventParser()
    for await (const bytes of readChunks(response)) {
      watchdog.restart()
      for (const wire of parser.push(bytes)) {
        const event = readEvent(wire)
        if (event) yield event
      }
    }
  } catch (error) {
    if (watchdog.signal.aborted) throw new StreamError({ kind: 'silent' }, { cause: error })
    if (error instanceof StreamError) throw error
    throw new StreamError({ kind: response ? 'cut_off' : 'unreachable' }, { cause: error })
  } finally {
    watchdog.stop()
  }
}

async function send(question: Question, fetchAnswer: typeof fetch, signal: AbortSignal): Promise<Response> {
  const response = await fetchAnswer('/v1/answers', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify({ ...question, stream: true }),
    signal,
  })
  if (!response.ok) throw new StreamError({ kind: 'problem', problem: await readProblem(response) })
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new StreamError({ kind: 'malformed' })
  }
  return response
}

/** Yield the body's chunks; a reader, because not every browser can iterate a ReadableStream. */
async function* readChunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // After an abort the stream is in error already, and cancelling it rejects for that reason.
    await reader.cancel().catch(() => undefined)
  }
}

class Watchdog {
  private readonly controller = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly limit_ms: number) {
    this.restart()
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  restart(): void {
    this.stop()
    this.timer = setTimeout(() => {
      this.controller.abort()
    }, this.limit_ms)
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
