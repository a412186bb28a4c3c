// Builds four pages into `dist/`: hashed assets, nothing inline, nothing from another host.

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { developmentServer } from "./dev/server.ts";

/** The page waits for its script, so that nothing is painted in the wrong theme. Without inline script no other way does. */
const renderAfterScript: Plugin = {
  name: "render-after-script",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replaceAll('<script type="module" crossorigin', '<script type="module" blocking="render"'),
  },
};

const pages = ["index", "console", "explorer", "docs"];

export default defineConfig({
  appType: "mpa",
  plugins: [developmentServer(), renderAfterScript],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // The docs are beside this folder.
  server: { fs: { allow: [".."] } },
  // Tests open the pages by another name than localhost.
  preview: { allowedHosts: true },
  build: {
    outDir: "dist",
    target: "es2022",
    // A `data:` address would need `font-src data:` and the like; files keep the policy short.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: Object.fromEntries(pages.map((page) => [page, `${page}.html`])) },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
