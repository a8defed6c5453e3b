import { describe, expect, it } from 'vitest'

import { applyEvent, newAnswer, stopAnswer } from '../src/answer'
import type { AnswerEvent } from '../src/api/events'
import { aSentence, completed, failed, refused, sentence, sources, started } from './factories'

function after(...events: AnswerEvent[]) {
  const answer = newAnswer(1, 'q')
  for (const event of events) applyEvent(answer, event)
  return answer
}

describe('applyEvent', () => {
  it.each([
    ['searching', [started]],
    ['reading', [started, sources]],
    ['writing', [started, sources, sentence]],
    ['done', [started, sources, sentence, completed]],
    ['refused', [started, refused]],
    ['failed', [started, sources, sentence, failed]],
  ] as const)('is %s after its events', (state, events) => {
    expect(after(...events).state).toBe(state)
  })

  it.each([completed, refused, failed])('lets nothing follow $type', (last) => {
    const answer = after(started, sources, last)
    const { state } = answer
    applyEvent(answer, sentence)
    applyEvent(answer, completed)
    stopAnswer(answer)
    expect(answer.state).toBe(state)
    expect(answer.sentences).toEqual([])
  })

  it('keeps sentences in their order and replaces a repeated one', () => {
    const said = (index: number, text: string): AnswerEvent => ({ type: 'sentence', ...aSentence({ index, text }) })
    const answer = after(said(1, 'b'), said(0, 'a'), said(2, 'c'), said(1, 'B'))
    expect(answer.sentences.map(({ text }) => text)).toEqual(['a', 'B', 'c'])
  })

  it('shows a notice once that the last event repeats', () => {
    const notice = { kind: 'disclaimer', text: 'Not a diagnosis.' } as const
    const answer = after({ type: 'notice', ...notice }, { ...completed, notices: [notice] } as AnswerEvent)
    expect(answer.notices).toEqual([notice])
  })

  it('keeps what had arrived when it fails', () => {
    const answer = after(started, sources, sentence, failed)
    expect(answer.sentences).toEqual([aSentence()])
    expect(answer.failure).toMatchObject({ kind: 'problem' })
    expect(answer.endedAt_ms).not.toBeNull()
  })
})
