import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  base: '/',
  plugins: [vue()],
  build: {
    outDir: '../static',
    emptyOutDir: true,
    // A strict content security policy has no room for data: URLs or inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { '/v1': 'http://127.0.0.1:8000' },
  },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
  },
})
