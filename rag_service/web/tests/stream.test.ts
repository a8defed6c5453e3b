import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { StreamError } from '../src/api/errors'
import type { AnswerEvent } from '../src/api/events'
import { streamAnswer } from '../src/api/stream'
import { aProblem, completed, encode, sentence, sources, started, streamResponse } from './factories'

const question = { question: '血压多少算高？', language: null }
const events = [started, sources, sentence, completed]

async function collect(fetchAnswer: typeof fetch, signal = new AbortController().signal): Promise<AnswerEvent[]> {
  const collected: AnswerEvent[] = []
  for await (const event of streamAnswer(question, { signal, fetch: fetchAnswer })) collected.push(event)
  return collected
}

async function failureOf(fetchAnswer: typeof fetch): Promise<unknown> {
  const error = await collect(fetchAnswer).catch((reason: unknown) => reason)
  return error instanceof StreamError ? error.failure : error
}

describe('streamAnswer', () => {
  it('posts the question and asks for a stream', async () => {
    const fetchAnswer = vi.fn<typeof fetch>(async () => streamResponse(encode(events)))
    await collect(fetchAnswer)
    const [url, request] = fetchAnswer.mock.calls[0] ?? []
    expect(url).toBe('/v1/answers')
    expect(request?.method).toBe('POST')
    expect(JSON.parse(String(request?.body))).toEqual({ ...question, stream: true })
  })

  it('yields the events of a stream cut into single bytes', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of encode(events, '\r\n')) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect(await collect(async () => streamResponse(body))).toEqual(events)
  })

  it('tells the problem of an error response', async () => {
    const fetchAnswer = async () => Response.json(aProblem({ status: 422 }), { status: 422 })
    expect(await failureOf(fetchAnswer)).toEqual({ kind: 'problem', problem: aProblem({ status: 422 }) })
  })

  it('tells the status of an error response that is not JSON', async () => {
    const fetchAnswer = async () => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway' })
    expect(await failureOf(fetchAnswer)).toMatchObject({ problem: { title: 'HTTP 502 Bad Gateway', detail: '' } })
  })

  it('is malformed where the body is no event stream', async () => {
    expect(await failureOf(async () => Response.json({}))).toEqual({ kind: 'malformed' })
  })

  it('is unreachable where the request fails', async () => {
    expect(await failureOf(async () => Promise.reject(new TypeError('failed')))).toEqual({ kind: 'unreachable' })
  })

  it('is cut off where the body fails', async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new TypeError('network'))
      },
    })
    expect(await failureOf(async () => streamResponse(body))).toEqual({ kind: 'cut_off' })
  })

  it('closes the connection when the reader leaves', async () => {
    const cancel = vi.fn()
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encode([started]))
      },
      cancel,
    })
    const options = { signal: new AbortController().signal, fetch: async () => streamResponse(body) }
    for await (const event of streamAnswer(question, options)) {
      expect(event).toEqual(started)
      break
    }
    expect(cancel).toHaveBeenCalledOnce()
  })
})

describe('silence', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const neverAnswers = (_url: unknown, request?: RequestInit) =>
    new Promise<Response>((_resolve, reject) => {
      request?.signal?.addEventListener('abort', () => {
        reject(new DOMException('aborted', 'AbortError'))
      })
    })

  it('ends a request that nobody answers', async () => {
    const failure = failureOf(neverAnswers)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await failure).toEqual({ kind: 'silent' })
  })

  it('leaves no timer behind', async () => {
    await collect(async () => streamResponse(encode(events)))
    expect(vi.getTimerCount()).toBe(0)
  })
})
