import { onScopeDispose } from 'vue'

/** Follow the system: Element Plus turns dark by a class, not by a media query. */
export function useDarkMode(): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const follow = () => document.documentElement.classList.toggle('dark', system.matches)
  follow()
  system.addEventListener('change', follow)
  onScopeDispose(() => {
    system.removeEventListener('change', follow)
  })
}
