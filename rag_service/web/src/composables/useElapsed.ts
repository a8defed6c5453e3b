import { onScopeDispose, ref, watchEffect, type Ref } from 'vue'

/** Whole seconds since a moment, ticking until the scope ends; `null` stands for no moment. */
export function useElapsed(since_ms: () => number | null): Ref<number> {
  const elapsed_s = ref(0)
  const tick = () => {
    const since = since_ms()
    elapsed_s.value = since === null ? 0 : Math.max(0, Math.floor((Date.now() - since) / 1000))
  }
  watchEffect(tick)
  const timer = setInterval(tick, 250)
  onScopeDispose(() => {
    clearInterval(timer)
  })
  return elapsed_s
}
