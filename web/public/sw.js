// Keeps the app's shell, so that it opens without a network. It keeps nothing of any message.
//
// A new version waits until the person says so (`update`): an app that changes under a finger harms somebody.

const SHELL = "wardwire-shell-1";
// The console, and the sheet that it telephones by when nothing else works: kept when the console asks for it, and
// opened from here when no answer comes within so long.
const SHEETS = "wardwire-sheets-1";
const PAGES = new Set(["/", "/console"]);
const SHEET = /^\/(sheets\/call-down|pages\/style\.css)$/;
const SHEET_PATIENCE_MS = 1500;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(SHELL);
      const page = await fetch("/", { cache: "no-cache" });
      const written = await page.clone().text();
      if (!isOurs(written)) throw new Error("somebody else answers for the site");
      const first = [...written.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((found) => found[1]);
      await cache.put("/", page);
      // A script names the files that it loads later: they must be here when somebody opens the settings offline.
      const parts = new Set(first);
      for (const part of parts) {
        const file = await fetch(part);
        if (!file.ok && first.includes(part)) throw new Error(`${part} is not there`);
        if (!file.ok) continue;
        await cache.put(part, file.clone());
        if (!part.endsWith(".js")) continue;
        for (const [name] of (await file.text()).matchAll(/[\w.-]+-[\w-]{8}\.(?:js|css)\b/g))
          parts.add(`/assets/${name}`);
      }
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== SHELL && name !== SHEETS) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(fromCache(event.request));
  else if (PAGES.has(url.pathname) || /^\/(icon|manifest)/.test(url.pathname))
    event.respondWith(fromNetwork(event.request, SHELL, 4000));
  else if (SHEET.test(url.pathname)) event.respondWith(fromNetwork(event.request, SHEETS, SHEET_PATIENCE_MS));
});

// A Wi-Fi that wants to be signed in to answers anything with a page of its own, and says that all is well.
const isOurs = (page) => page.includes('<div id="app">') && page.includes('src="/assets/');

// Files whose name carries a digest of their content never change.
async function fromCache(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  const page = fresh.headers.get("content-type")?.startsWith("text/html");
  if (fresh.ok && !fresh.redirected && !page) await cache.put(request, fresh.clone());
  return fresh;
}

// The page as it is now; when no answer comes, or somebody else answers (the sign-in page of a Wi-Fi), the one we have.
async function fromNetwork(request, where, patience) {
  const cache = await caches.open(where);
  const key = new URL(request.url).pathname;
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(patience) });
    const ours = !PAGES.has(key) || isOurs(await fresh.clone().text());
    if (fresh.ok && !fresh.redirected && ours) {
      await cache.put(key, fresh.clone());
      return fresh;
    }
    return (await cache.match(key)) ?? fresh;
  } catch {
    return (await cache.match(key)) ?? Response.error();
  }
}

// Keep pages as they are now, and what they are made of. A page that leads elsewhere, to sign in, is not the page.
async function keep(paths) {
  for (const path of paths) {
    const cache = await caches.open(SHEET.test(path) ? SHEETS : SHELL);
    if (path.startsWith("/assets/") && (await cache.match(path))) continue;
    const fresh = await fetch(path, { cache: "no-cache" }).catch(() => null);
    if (fresh?.ok && !fresh.redirected) await cache.put(path, fresh);
  }
}

self.addEventListener("message", (event) => {
  if (event.data === "update") void self.skipWaiting();
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
  if (event.data === "forget") event.waitUntil(caches.delete(SHEETS));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    (async () => {
      const [open] = await self.clients.matchAll({ type: "window" });
      if (open) await open.focus();
      else await self.clients.openWindow("/#/inbox");
    })(),
  );
});
