// Keeps the app's shell, so that it opens without a network. It keeps nothing of any message.
//
// A new version waits until the person says so (`update`): an app that changes under a finger harms somebody.

const SHELL = "wardwire-shell-1";
// The console, and the sheet that it telephones by when nothing else works: kept when the console asks for it, and
// opened from here when no answer comes within so long.
const SHEETS = "wardwire-sheets-1";
const PAGES = new Set(["/", "/console"]);
const SHEET = /^\/sheets\/(call-down|on-call)$/;
const STYLE = "/pages/style.css";
const SHEET_PATIENCE_MS = 1000;

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
  else if (url.pathname === STYLE) event.respondWith(keptFirst(event, SHEETS));
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

// What we have, at once, and the next time as it is now: nobody waits twice for a sheet, first for it, then for its style.
async function keptFirst(event, where) {
  const cache = await caches.open(where);
  const kept = await cache.match(event.request);
  if (!kept) return fetch(event.request);
  event.waitUntil(
    fetch(event.request)
      .then((fresh) => (fresh.ok && !fresh.redirected ? cache.put(event.request, fresh) : undefined))
      .catch(() => undefined),
  );
  return kept;
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
    const cache = await caches.open(SHEET.test(path) || path === STYLE ? SHEETS : SHELL);
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
      const id = event.notification.tag;
      const [open] = await self.clients.matchAll({ type: "window" });
      if (open) {
        await open.focus();
        if (id.startsWith("msg_")) open.postMessage({ open: id });
      } else await self.clients.openWindow(id.startsWith("msg_") ? `/#/message/${id}` : "/#/inbox");
    })(),
  );
});

// Web Push ------------------------------------------------------------------------------------------------------
//
// What is pushed names a message, how urgent it is, and how much the site lets be said; nothing else of it is looked at,
// and nothing of what a message says is ever shown. A browser takes the right away from whoever is pushed to and shows
// nothing: so something is shown each time.

const PUSHED = {
  en: {
    code: "CODE",
    high: "HIGH",
    medium: "MEDIUM",
    low: "LOW",
    nothing: "New message",
    waiting: "A message is waiting.",
    over: "It is answered, or over.",
    priority: "{priority} priority message.",
  },
  de: {
    code: "CODE",
    high: "HOCH",
    medium: "MITTEL",
    low: "NIEDRIG",
    nothing: "Neue Nachricht",
    waiting: "Eine Nachricht wartet.",
    over: "Sie ist beantwortet oder vorbei.",
    priority: "Nachricht der Stufe {priority}.",
  },
};
const ANSWERED = new Set(["accepted", "declined", "answered"]);

self.addEventListener("push", (event) => event.waitUntil(tell(event.data)));

async function tell(data) {
  let told = null;
  try {
    told = data?.json();
  } catch {
    // Not ours, or of another version: something waits all the same.
  }
  const id = /^msg_[0-9a-f]{32}$/.test(told?.id) ? told.id : "";
  const { row, level, language } = await known(id).catch(() => ({}));
  const words = PUSHED[language] ?? PUSHED[self.navigator.language.slice(0, 2)] ?? PUSHED.en;
  const priority = words[row ? row.message?.priority : told?.priority];
  const isUrgency = ["code", "high", "medium", "low"].includes(row ? row.message?.priority : told?.priority);
  let body = [row ? "" : words.waiting, isUrgency ? words.priority.replace("{priority}", priority) : ""];
  if (row && (row.ended || ANSWERED.has(row.mine?.state))) body = [words.over];
  const said = [told?.level, level].includes("nothing") ? words.nothing : body.filter(Boolean).join(" ");
  await self.registration.showNotification("Wardwire", {
    body: said || words.waiting,
    tag: id || "wardwire",
    renotify: true,
    icon: "/icon-192.png",
  });
}

// What this device has: the row of a message as far as it lies open, how much may be said, and the person's language.
async function known(id) {
  const there = await indexedDB.databases();
  if (!there.some((one) => one.name === "wardwire")) return {};
  const database = await asked(indexedDB.open("wardwire"));
  try {
    const read = (store, key) => asked(database.transaction(store).objectStore(store).get(key));
    const kept = id ? await read("messages", id) : undefined;
    const settings = await read("state", "settings");
    const preferences = await read("state", "preferences");
    return { row: kept?.face ?? kept, level: settings?.values.notify, language: preferences?.language };
  } finally {
    database.close();
  }
}

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// The browser has another address for us: an app that is open tells the site, else the next start does.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(
    (async () => {
      const key = event.oldSubscription?.options.applicationServerKey;
      if (key && !event.newSubscription)
        await self.registration.pushManager
          .subscribe({ userVisibleOnly: true, applicationServerKey: key })
          .catch(() => undefined);
      for (const open of await self.clients.matchAll({ type: "window" })) open.postMessage({ push: "changed" });
    })(),
  );
});
