/**
 * Finds in a copy of the directory while somebody types, without asking anybody: by the beginning of a name or number,
 * then of title, department or place, then by sound. The order is that of `wardwire.model.search`: whole words first,
 * and within each who is on call. Slips of the fingers are left to the site, which answers a moment later.
 */

import { digitsOf, fold, readQuery, soundOf, wordsOf } from "./words";

export interface Entry {
  kind: "person" | "role" | "group" | "place";
  id: string;
  name: string;
  title?: string;
  where?: string;
  words?: string[];
  numbers?: string[];
  sort?: string;
  gone?: boolean;
}

interface Kept {
  entry: Entry;
  sort: string;
  /** Words of names and numbers, and of all else; a space before each. */
  names: string;
  others: string;
}

const ENOUGH = 3;
const SOUND_FROM = 3;
/** So many are looked at, at most, for each word that leads to them. */
const MOST_SEEN = 3_000;

/** Words, each with those who have it. */
class Words {
  #entries = new Map<string, Kept[]>();
  #sorted: string[] = [];
  #fresh = false;
  /** Words whose entries were added to since they were last put in order. */
  #unsorted = new Set<string>();

  add(word: string, kept: Kept): boolean {
    const there = this.#entries.get(word);
    if (there) {
      there.push(kept);
      this.#unsorted.add(word);
    } else {
      this.#entries.set(word, [kept]);
      this.#fresh = true;
    }
    return there === undefined;
  }

  remove(word: string, kept: Kept): void {
    const left = this.of(word).filter((one) => one !== kept);
    if (left.length > 0) this.#entries.set(word, left);
    else if (this.#entries.delete(word)) this.#fresh = true;
  }

  of(word: string): Kept[] {
    const found = this.#entries.get(word) ?? [];
    if (this.#unsorted.delete(word)) found.sort(inOrder);
    return found;
  }

  /** Who has a word that begins so. */
  *beginning(prefix: string): Generator<Kept> {
    const words = this.#words();
    for (let at = first(words, prefix); at < words.length && words[at]?.startsWith(prefix); at++)
      yield* this.of(words[at] as string);
  }

  /** How many have a word that begins so; of many words, a guess. */
  size(prefix: string): number {
    const words = this.#words();
    const from = first(words, prefix);
    const to = first(words, `${prefix}\uffff`);
    let seen = 0;
    for (let at = from; at < Math.min(to, from + 16); at++)
      seen += this.#entries.get(words[at] as string)?.length ?? 0;
    return Math.floor((seen * (to - from)) / Math.max(1, Math.min(16, to - from)));
  }

  /** Put the words in order; costs some tens of milliseconds after many were added. */
  #words(): string[] {
    if (this.#fresh) {
      this.#sorted = [...this.#entries.keys()].sort();
      this.#fresh = false;
    }
    return this.#sorted;
  }

  settle(): void {
    this.#words();
    for (const word of [...this.#unsorted]) this.of(word);
  }
}

/** Where a word, or what comes after it, stands. */
function first(words: readonly string[], word: string): number {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle] as string) < word) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Index {
  #kept = new Map<string, Kept>();
  #names = new Words();
  #others = new Words();
  #sounds = new Map<string, Set<string>>();
  #called: Kept[] = [];
  #calledIds = new Set<string>();

  get size(): number {
    return this.#kept.size;
  }

  put(entry: Entry): void {
    this.drop(entry.id);
    if (entry.gone) return;
    const names = new Set([entry.name, ...(entry.words ?? [])].flatMap(wordsOf));
    for (const tail of (entry.numbers ?? []).flatMap(tails)) names.add(tail);
    const others = wordsOf(`${entry.title ?? ""} ${entry.where ?? ""}`).filter((word) => !names.has(word));
    const kept = { entry, sort: fold(entry.sort || entry.name), names: spaced(names), others: spaced(others) };
    this.#kept.set(entry.id, kept);
    for (const word of names) {
      if (!this.#names.add(word, kept)) continue;
      const sound = soundOf(word);
      if (sound) this.#sounds.set(sound, (this.#sounds.get(sound) ?? new Set()).add(word));
    }
    for (const word of others) this.#others.add(word, kept);
    if (this.#calledIds.has(entry.id)) this.call(this.#calledIds);
  }

  drop(id: string): void {
    const kept = this.#kept.get(id);
    if (!kept) return;
    this.#kept.delete(id);
    for (const word of kept.names.split(" ").filter(Boolean)) this.#names.remove(word, kept);
    for (const word of kept.others.split(" ").filter(Boolean)) this.#others.remove(word, kept);
  }

  /** Say who is on call now: they come first. */
  call(ids: ReadonlySet<string>): void {
    this.#calledIds = new Set(ids);
    this.#called = [...ids].map((id) => this.#kept.get(id)).filter((one) => one !== undefined);
  }

  /** Do now what the next search would have to wait for. */
  settle(): void {
    this.#names.settle();
    this.#others.settle();
  }

  get(id: string): Entry | undefined {
    return this.#kept.get(id)?.entry;
  }

  /** Whom and what somebody means who types this, the likeliest first. */
  search(query: string, limit = 20, kind = ""): Entry[] {
    const words = readQuery(query);
    if (words.length === 0) return [];
    const found = new Set<Kept>();
    const size = (word: string): number => this.#names.size(word) + this.#others.size(word);
    // Whoever has the rarest word is asked for the others.
    const rarest = words.length === 1 ? (words[0] as string) : words.reduce((a, b) => (size(b) < size(a) ? b : a));
    const others = words.filter((word) => word !== rarest).map((word) => ` ${word}`);
    for (const kept of this.#whole(rarest)) {
      if ((kind && kept.entry.kind !== kind) || found.has(kept)) continue;
      if (others.every((other) => has(kept, other)) && found.add(kept).size === limit) break;
    }
    if (found.size < Math.min(ENOUGH, limit)) this.#addSounding(found, words, limit, kind);
    return [...found].map((kept) => kept.entry);
  }

  /** Those who have a word that is this one, or begins so, in the order of the ranking. */
  *#whole(word: string): Generator<Kept> {
    const called = this.#called;
    yield* called.filter((kept) => `${kept.names} `.includes(` ${word} `));
    yield* this.#names.of(word);
    yield* called.filter((kept) => kept.names.includes(` ${word}`));
    yield* this.#names.beginning(word);
    yield* called.filter((kept) => kept.others.includes(` ${word}`));
    yield* this.#others.beginning(word);
  }

  /** Add those to whom one of the words leads as it was typed or by its sound, and the others likewise. */
  #addSounding(found: Set<Kept>, words: string[], limit: number, kind: string): void {
    const near = new Map(words.map((word) => [word, this.#sounding(word)]));
    for (const word of words) {
      const rest = words.filter((other) => other !== word);
      let seen = 0;
      for (const kept of this.#near(word, near.get(word) ?? [], rest.length > 0)) {
        if (++seen > MOST_SEEN) break;
        if ((kind && kept.entry.kind !== kind) || found.has(kept)) continue;
        const all = rest.every(
          (other) =>
            has(kept, ` ${other}`) || near.get(other)?.some((name) => `${kept.names} `.includes(` ${name} `)),
        );
        if (all && found.add(kept).size === limit) return;
      }
    }
  }

  *#near(word: string, sounding: string[], also: boolean): Generator<Kept> {
    if (also) yield* this.#whole(word);
    for (const like of sounding) yield* this.#called.filter((kept) => `${kept.names} `.includes(` ${like} `));
    for (const like of sounding) yield* this.#names.of(like);
  }

  #sounding(word: string): string[] {
    if (word.length < SOUND_FROM) return [];
    return [...(this.#sounds.get(soundOf(word)) ?? [])].filter((one) => this.#names.of(one).length > 0).sort();
  }
}

const has = (kept: Kept, beginning: string): boolean =>
  kept.names.includes(beginning) || kept.others.includes(beginning);

function inOrder(one: Kept, other: Kept): number {
  return one.sort < other.sort ? -1 : one.sort > other.sort ? 1 : one.entry.id < other.entry.id ? -1 : 1;
}

const spaced = (words: Iterable<string>): string => [...words].map((word) => ` ${word}`).join("");

/** A number is found from its beginning, and by its last six and four digits. */
function tails(number: string): string[] {
  const digits = digitsOf(number);
  return [digits.length, 6, 4].filter((n) => n > 0 && n <= digits.length).map((n) => digits.slice(-n));
}
