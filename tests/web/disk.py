"""What a browser has on its disk for the app, as a thief would read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page

from tests.web.ground import PATIENCE_MS

_READ = """async ([store, key]) => {
  const database = await new Promise((r) => (indexedDB.open("wardwire").onsuccess = (e) => r(e.target.result)));
  try {
    const ask = database.transaction(store).objectStore(store).get(key);
    return await new Promise((resolve) => (ask.onsuccess = () => resolve(ask.result ?? null)));
  } finally { database.close(); }
}"""
_UNSEAL = """async (key) => {
  const database = await new Promise((r) => (indexedDB.open("wardwire").onsuccess = (e) => r(e.target.result)));
  const get = (store, key) => new Promise((resolve) => {
    database.transaction(store).objectStore(store).get(key).onsuccess = (e) => resolve(e.target.result);
  });
  try {
    const [box, sealed] = [await get("device", "lockbox"), await get("state", key)];
    if (!sealed) return null;
    const [name, info] = [{ name: "X25519" }, new TextEncoder().encode("wardwire/1 kept")];
    const other = await crypto.subtle.importKey("raw", sealed.by, name, false, []);
    const shared = await crypto.subtle.deriveBits({ ...name, public: other }, box.open, 256);
    const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: sealed.by, info };
    const aes = { name: "AES-GCM", iv: sealed.iv };
    const opens = await crypto.subtle.deriveKey(how, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(aes, opens, sealed.data)));
  } finally { database.close(); }
}"""
_DUMP = """async () => {
  const database = await new Promise((r) => (indexedDB.open("wardwire").onsuccess = (e) => r(e.target.result)));
  const words = (value) => value instanceof CryptoKey ? `[key ${value.type} ${value.extractable}]`
    : value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new TextDecoder("latin1").decode(value)
    : value && typeof value === "object" ? Object.entries(value).map(([k, v]) => `${k}=${words(v)}`).join(" ")
    : String(value);
  try {
    const found = [];
    for (const store of database.objectStoreNames) {
      const ask = database.transaction(store).objectStore(store).getAll();
      found.push(...(await new Promise((r) => (ask.onsuccess = () => r(ask.result)))).map(words));
    }
    return found;
  } finally { database.close(); }
}"""


async def kept(page: Page, store: str, key: str) -> Any:
    """What lies under a key; None for nothing."""
    return await page.evaluate(_READ, [store, key])


async def everything(page: Page) -> list[str]:
    """All that lies there, one string an entry; bytes as latin-1."""
    found: list[str] = await page.evaluate(_DUMP)
    return found


async def until_draft(page: Page, text: str) -> None:
    """Wait until a draft with this text lies there, of an app without a passcode."""
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while (await page.evaluate(_UNSEAL, "draft") or {}).get("text") != text:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0)


async def until_kept(page: Page, store: str, key: str, there: Callable[[Any], bool]) -> None:
    """Wait until what lies under a key is so."""
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while not there(await kept(page, store, key)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0)
