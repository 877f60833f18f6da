/** What a page asks of the port that gave it. */

/** Where devices connect: the same port. */
export function edge(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/nats`;
}

/**
 * Whether the site gives another version of this page than the one that runs; rejects when nobody answers.
 *
 * The page's script begins with `name`. What a Wi-Fi asks people to sign in with is no newer page.
 */
export async function isNewer(path: string, name: string): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>("script[src^='/assets/']")?.getAttribute("src");
  if (!own) return false;
  const page = await (await fetch(path, { cache: "no-cache", headers: { Accept: "text/html" } })).text();
  return page.includes(`/assets/${name}-`) && page.includes('id="app"') && !page.includes(own);
}
