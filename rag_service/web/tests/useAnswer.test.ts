import { describe, expect, it, vi } from 'vitest'
import { watch } from 'vue'

import type { AnswerEvent } from '../src/api/events'
import { useAnswer } from '../src/composables/useAnswer'
import { aProblem, completed, encode, failed, refused, sentence, sources, started, streamResponse } from './factories'

/** A service whose answer the test sends event by event. */
function fakeService() {
  const channels: ReadableStreamDefaultController<Uint8Array>[] = []
  const fetchAnswer: typeof fetch = async (_url, request) => {
    const body = new ReadableStream<Uint8Array>({
      start(channel) {
        channels.push(channel)
        request?.signal?.addEventListener('abort', () => {
          channel.error(new DOMException('aborted', 'AbortError'))
        })
      },
    })
    return streamResponse(body)
  }
  return {
    fetchAnswer,
    channels,
    send: async (...events: AnswerEvent[]) => {
      await settle()
      channels.at(-1)?.enqueue(encode(events))
      await settle()
    },
    close: async () => {
      channels.at(-1)?.close()
      await settle()
    },
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('useAnswer', () => {
  it('goes from idle through every stage to done', async () => {
    const service = fakeService()
    const { state, ask, answers } = useAnswer(service.fetchAnswer)
    const states = [state.value]
    watch(state, (value) => states.push(value), { flush: 'sync' })
    const ended = ask('  What is high?  ')
    for (const event of [started, sources, sentence, completed]) await service.send(event)
    await ended
    expect(states).toEqual(['idle', 'searching', 'reading', 'writing', 'done'])
    expect(answers.value[0]).toMatchObject({ question: 'What is high?', model: 'qwen2.5-7b', language: 'en' })
  })

  it('is refused with the words of the service', async () => {
    const service = fakeService()
    const { state, ask, answers } = useAnswer(service.fetchAnswer)
    void ask('q')
    await service.send(started, refused)
    expect(state.value).toBe('refused')
    expect(answers.value[0]?.refusal?.text).toBe('Not enough evidence.')
  })

  it('fails with the problem of the stream and keeps the sentences', async () => {
    const service = fakeService()
    const { state, ask, answers } = useAnswer(service.fetchAnswer)
    void ask('q')
    await service.send(started, sources, sentence, failed)
    expect(state.value).toBe('failed')
    expect(answers.value[0]?.failure).toEqual({ kind: 'problem', problem: aProblem() })
    expect(answers.value[0]?.sentences).toHaveLength(1)
  })

  it('fails with the problem of an error response', async () => {
    const { state, ask, answers } = useAnswer(async () => Response.json(aProblem(), { status: 503 }))
    await ask('q')
    expect(state.value).toBe('failed')
    expect(answers.value[0]?.failure).toEqual({ kind: 'problem', problem: aProblem() })
  })

  it('fails where the stream ends without a last event', async () => {
    const service = fakeService()
    const { state, ask, answers } = useAnswer(service.fetchAnswer)
    void ask('q')
    await service.send(started, sources)
    await service.close()
    expect(state.value).toBe('failed')
    expect(answers.value[0]?.failure).toEqual({ kind: 'cut_off' })
  })

  it('fails where the service cannot be reached', async () => {
    const { ask, answers } = useAnswer(async () => Promise.reject(new TypeError('failed to fetch')))
    await ask('q')
    expect(answers.value[0]?.failure).toEqual({ kind: 'unreachable' })
  })

  it('stops at once, closes the connection and takes nothing more', async () => {
    const service = fakeService()
    const { state, isBusy, ask, stop, answers } = useAnswer(service.fetchAnswer)
    const ended = ask('q')
    await service.send(started, sources, sentence)
    stop()
    expect(state.value).toBe('stopped')
    expect(isBusy.value).toBe(false)
    await ended
    expect(() => service.channels[0]?.enqueue(encode([completed]))).toThrow()
    expect(answers.value[0]).toMatchObject({ state: 'stopped', failure: null })
  })

  it('does not mix a stopped answer into the next one', async () => {
    const service = fakeService()
    const { ask, stop, answers } = useAnswer(service.fetchAnswer)
    void ask('first')
    await service.send(started)
    stop()
    void ask('second')
    await service.send(started, sources, sentence, completed)
    expect(answers.value.map(({ state }) => state)).toEqual(['stopped', 'done'])
    expect(answers.value[0]?.sentences).toEqual([])
  })

  it('asks nothing while an answer is running, and nothing empty', async () => {
    const service = fakeService()
    const fetchAnswer = vi.fn(service.fetchAnswer)
    const { ask, answers } = useAnswer(fetchAnswer)
    await ask('  \n ')
    void ask('first')
    await ask('second')
    expect(fetchAnswer).toHaveBeenCalledOnce()
    expect(answers.value).toHaveLength(1)
  })

  it('puts a repeated question in the place of the failed one', async () => {
    const replies = [Response.json(aProblem(), { status: 503 }), streamResponse(encode([started, sources, completed]))]
    const { ask, askAgain, answers } = useAnswer(async () => replies.shift() ?? Response.error())
    await ask('q')
    const [first] = answers.value
    if (first) await askAgain(first)
    expect(answers.value.map(({ question, state }) => [question, state])).toEqual([['q', 'done']])
  })

  it('keeps a finished answer when its question is asked again', async () => {
    const { ask, askAgain, answers } = useAnswer(async () => streamResponse(encode([started, completed])))
    await ask('q')
    const [first] = answers.value
    if (first) await askAgain(first)
    expect(answers.value.map(({ question }) => question)).toEqual(['q', 'q'])
    expect(new Set(answers.value.map(({ key }) => key)).size).toBe(2)
  })
})
