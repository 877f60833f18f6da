import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

// Names of files carry a digest of their content, so the server lets browsers keep them for good; the entries and the
// service worker are asked for anew each time. Nothing is inlined: the content security policy allows no inline code.
export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/wardwire/webapp",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ["chrome137", "safari17", "firefox130"],
    rolldownOptions: { input: readdirSync(".").filter((name) => name.endsWith(".html")) },
    sourcemap: false,
  },
  // What Preact's JSX is made of.
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
