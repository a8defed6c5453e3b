import type { Failure } from './api/errors'
import type { AnswerEvent, Language, Notice, Refusal, Sentence, Source } from './api/events'

export type RunningState = 'searching' | 'reading' | 'writing'
export type EndedState = 'done' | 'refused' | 'failed' | 'stopped'
export type AnswerState = RunningState | EndedState

/** One question of this visit and what has arrived of its answer. */
export interface Answer {
  key: number
  question: string
  state: AnswerState
  askedAt_ms: number
  endedAt_ms: number | null
  language: Language | null
  model: string
  notices: Notice[]
  sources: Source[]
  sentences: Sentence[]
  refusal: Refusal | null
  failure: Failure | null
}

export function newAnswer(key: number, question: string): Answer {
  return {
    key,
    question,
    state: 'searching',
    askedAt_ms: Date.now(),
    endedAt_ms: null,
    language: null,
    model: '',
    notices: [],
    sources: [],
    sentences: [],
    refusal: null,
    failure: null,
  }
}

export function isRunning(state: AnswerState | 'idle'): state is RunningState {
  return state === 'searching' || state === 'reading' || state === 'writing'
}

/** Move the answer on by one event; an answer that has ended stays as it is. */
export function applyEvent(answer: Answer, event: AnswerEvent): void {
  if (!isRunning(answer.state)) return
  switch (event.type) {
    case 'answer.started':
      answer.language = event.language
      answer.model = event.model
      return
    case 'notice':
      addNotice(answer, { kind: event.kind, text: event.text })
      return
    case 'sources':
      answer.sources = event.sources
      if (answer.state === 'searching') answer.state = 'reading'
      return
    case 'sentence':
      addSentence(answer, event)
      answer.state = 'writing'
      return
    case 'answer.completed':
      event.notices?.forEach((notice) => addNotice(answer, notice))
      endAnswer(answer, 'done')
      return
    case 'answer.refused':
      event.notices?.forEach((notice) => addNotice(answer, notice))
      answer.refusal = event.refusal
      endAnswer(answer, 'refused')
      return
    case 'answer.failed':
      failAnswer(answer, { kind: 'problem', problem: event.problem })
  }
}

export function failAnswer(answer: Answer, failure: Failure): void {
  if (!isRunning(answer.state)) return
  answer.failure = failure
  endAnswer(answer, 'failed')
}

export function stopAnswer(answer: Answer): void {
  if (isRunning(answer.state)) endAnswer(answer, 'stopped')
}

function endAnswer(answer: Answer, state: EndedState): void {
  answer.state = state
  answer.endedAt_ms = Date.now()
}

/** The last event repeats the notices; each is shown once. */
function addNotice(answer: Answer, notice: Notice): void {
  const isKnown = answer.notices.some(({ kind, text }) => kind === notice.kind && text === notice.text)
  if (!isKnown) answer.notices.push(notice)
}

/** A replayed sentence takes the place of the one with its index. */
function addSentence(answer: Answer, { index, text, verdict, origin, citations }: Sentence): void {
  const sentence = { index, text, verdict, origin, citations }
  const place = answer.sentences.findIndex((earlier) => earlier.index >= index)
  if (place < 0) answer.sentences.push(sentence)
  else answer.sentences.splice(place, answer.sentences[place]?.index === index ? 1 : 0, sentence)
}
