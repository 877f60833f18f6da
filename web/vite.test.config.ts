import { defineConfig } from "vite";

// Pages that hold parts of the app to what they are measured by; built by the tests, never shipped.
export default defineConfig({
  root: "test",
  base: "./",
  build: {
    emptyOutDir: true,
    rolldownOptions: { input: ["test/board.html", "test/nats.html", "test/order.html", "test/find.html"] },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
