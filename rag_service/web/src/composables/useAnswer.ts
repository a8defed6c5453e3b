import { computed, ref, type ComputedRef, type Ref } from 'vue'

import { applyEvent, failAnswer, isRunning, newAnswer, stopAnswer, type Answer, type AnswerState } from '../answer'
import { StreamError } from '../api/errors'
import { streamAnswer } from '../api/stream'

export interface AnswerMachine {
  /** Every answer of this visit, oldest first; kept in memory only. */
  answers: Ref<Answer[]>
  /** State of the newest answer: idle → searching → reading → writing → done, refused, failed or stopped. */
  state: ComputedRef<AnswerState | 'idle'>
  isBusy: ComputedRef<boolean>
  /** Ask a question; does nothing while an answer is still running. Settles when the answer has ended. */
  ask: (question: string) => Promise<void>
  /** Ask an earlier question again; one that came to no answer gives up its place. */
  askAgain: (answer: Answer) => Promise<void>
  stop: () => void
}

export function useAnswer(fetchAnswer: typeof fetch = (...request) => fetch(...request)): AnswerMachine {
  const answers = ref<Answer[]>([])
  const state = computed(() => answers.value.at(-1)?.state ?? 'idle')
  const isBusy = computed(() => isRunning(state.value))
  let connection = new AbortController()
  let n_asked = 0

  async function ask(question: string): Promise<void> {
    if (isBusy.value || question.trim() === '') return
    connection = new AbortController()
    n_asked += 1
    answers.value.push(newAnswer(n_asked, question.trim()))
    const answer = answers.value.at(-1)
    if (answer) await follow(answer, connection.signal)
  }

  async function follow(answer: Answer, signal: AbortSignal): Promise<void> {
    try {
      const events = streamAnswer({ question: answer.question, language: null }, { signal, fetch: fetchAnswer })
      for await (const event of events) {
        applyEvent(answer, event)
        if (!isRunning(answer.state)) return
      }
      failAnswer(answer, { kind: 'cut_off' })
    } catch (error) {
      // Whatever went wrong, the visitor must not be left with a spinner.
      failAnswer(answer, error instanceof StreamError ? error.failure : { kind: 'malformed' })
    }
  }

  async function askAgain(answer: Answer): Promise<void> {
    if (isBusy.value) return
    if (answer.state === 'failed' || answer.state === 'stopped') {
      answers.value = answers.value.filter((earlier) => earlier.key !== answer.key)
    }
    await ask(answer.question)
  }

  function stop(): void {
    const answer = answers.value.at(-1)
    if (answer) stopAnswer(answer)
    connection.abort()
  }

  return { answers, state, isBusy, ask, askAgain, stop }
}
