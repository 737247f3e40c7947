import { defineConfig } from 'vite';

/** `npm run build` makes `dist/`; `vite dev` shows changes at once beside a running server. */
export default defineConfig({
  build: {
    outDir: 'dist',
    // Our policy loads nothing inline: every asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    target: 'es2023',
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // Of the SDK, in branches that a browser never takes.
      external: /^node:/,
      onwarn(warning, show) {
        // Mantine's files say "use client", which means nothing in a bundle.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') show(warning);
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '^/(v1|api|docs|openapi.json)': 'http://127.0.0.1:3000' },
  },
});
