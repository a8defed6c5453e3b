import { computed, inject, provide, ref, watchEffect, type ComputedRef, type InjectionKey, type Ref } from 'vue'

import type { Language } from '../api/events'
import { en, type Messages } from '../locales/en'
import { zh } from '../locales/zh'

const messagesKey: InjectionKey<ComputedRef<Messages>> = Symbol('messages')

export const locales: Record<Language, Messages> = { en, zh }

/** The first of the browser's languages that this page has; English if it has none of them. */
export function chooseLanguage(preferred: readonly string[]): Language {
  const known = preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in locales)
  return known === 'zh' ? 'zh' : 'en'
}

/** Choose the page's language and give its texts to every component below. */
export function provideLocale(): { language: Ref<Language>; messages: ComputedRef<Messages> } {
  const language = ref(chooseLanguage(navigator.languages))
  const messages = computed(() => locales[language.value])
  provide(messagesKey, messages)
  watchEffect(() => {
    document.documentElement.lang = messages.value.htmlLang
    document.title = messages.value.pageTitle
  })
  return { language, messages }
}

/** The page's texts in the chosen language. */
export function useMessages(): ComputedRef<Messages> {
  return inject(messagesKey, () => computed(() => en), true)
}
