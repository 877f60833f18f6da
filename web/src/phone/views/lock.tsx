/** The locked app: what rings, as far as a locked screen may say it, and the passcode. And how one is set. */

import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { Tried } from "../../core/client";
import { needsMe, priorityOf } from "../../core/device/rows";
import { age, count, t } from "../../core/i18n";
import { weakness } from "../../core/store/lock";
import { canAsk } from "../../core/store/passkey";
import { words } from "../notify";
import { Tag } from "../parts/tag";
import { client, now, rows } from "../state";

const SHOWN = 5;

export function Locked() {
  const current = client.value;
  const level = String(current?.kept.settings.value.values.notify ?? "priority");
  const waiting = rows.value.filter((row) => row.rings || needsMe(row)).filter((row) => !row.sent && !row.ended);
  const shut = current?.kept.shut.value ?? 0;
  return (
    <main class="enrol">
      <h1>{t("lock.title")}</h1>
      {level === "nothing" ? (
        waiting.length > 0 && <p class="state">{t("notify.nothing")}</p>
      ) : (
        <ul class="rows" aria-label={t("lock.waiting")}>
          {waiting.slice(0, SHOWN).map((row) => (
            <li key={row.id} class={`item ${priorityOf(row)}${row.rings ? " rings" : ""}`} data-id={row.id}>
              <header>
                <Tag priority={priorityOf(row)} />
                <time class="age" dateTime={new Date(row.at).toISOString()}>
                  {age(now.value - row.at)}
                </time>
              </header>
              <p>
                <bdi>{words(row, level)}</bdi>
              </p>
            </li>
          ))}
        </ul>
      )}
      {waiting.length > SHOWN && <p class="quiet">{t("lock.more", { n: waiting.length - SHOWN })}</p>}
      {shut > 0 && (
        <p class="warn" role="status">
          {count("lock.shut", shut)}
        </p>
      )}
      <Unlock />
    </main>
  );
}

function Unlock() {
  const passcode = useSignal("");
  const busy = useSignal(false);
  const digits = useSignal(false);
  const passkey = useSignal(false);
  const failed = useSignal("");
  const until = useSignal(0);
  useEffect(() => {
    void client
      .peek()
      ?.tries()
      .then((tries) => {
        digits.value = tries.digits;
        passkey.value = tries.passkey;
        until.value = performance.now() + tries.waitMs;
      });
  }, []);
  now.value; // counts the seconds
  const wait = Math.ceil((until.value - performance.now()) / 1_000);
  const open = async (): Promise<void> => {
    const current = client.peek();
    if (!current || busy.value || !passcode.value) return;
    busy.value = true;
    try {
      const tried = await current.unlock(passcode.value);
      failed.value = wordsOf(tried);
      if (!tried.opened) until.value = performance.now() + tried.waitMs;
    } catch {
      failed.value = t("error.storage");
    }
    passcode.value = "";
    busy.value = false;
  };
  const ask = async (): Promise<void> => {
    busy.value = true;
    const opened = await client
      .peek()
      ?.unlockByPasskey()
      .catch(() => false);
    if (!opened) failed.value = t("lock.passkey.not");
    busy.value = false;
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void open();
      }}
    >
      {passkey.value && (
        <button type="button" class="first wide" disabled={busy.value} onClick={() => void ask()}>
          {t("lock.passkey")}
        </button>
      )}
      <Secret label={t("lock.passcode")} value={passcode} kind="current-password" digits={digits.value} />
      {failed.value && (
        <p class="trouble" role="alert">
          {failed.value}
        </p>
      )}
      <button type="submit" class="first wide" disabled={busy.value || wait > 0 || !passcode.value}>
        {wait > 0 ? t("lock.wait", { s: wait }) : t("lock.open")}
      </button>
      <Forgotten />
    </form>
  );
}

function Forgotten() {
  const sure = useSignal(false);
  const again = async (): Promise<void> => {
    await client.peek()?.wipe();
    location.hash = "";
    location.reload();
  };
  return (
    <>
      <button
        type="button"
        class="wide"
        aria-expanded={sure.value}
        onClick={() => {
          sure.value = !sure.value;
        }}
      >
        {t("lock.forgotten")}
      </button>
      {sure.value && (
        <div>
          <p>{t("lock.forgotten.about")}</p>
          <button type="button" class="danger" onClick={() => void again()}>
            {t("more.remove.sure")}
          </button>
        </div>
      )}
    </>
  );
}

function wordsOf(tried: Tried): string {
  if (tried.opened) return "";
  return t("lock.wrong", { left: tried.left });
}

interface Field {
  label: string;
  value: { value: string };
  kind: "current-password" | "new-password";
  digits?: boolean;
}

function Secret({ label, value, kind, digits = false }: Field) {
  const field = useId();
  return (
    <>
      <label for={field}>{label}</label>
      <input
        id={field}
        type="password"
        autoComplete={kind}
        inputMode={digits ? "numeric" : "text"}
        maxLength={100}
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </>
  );
}

/** Sets the passcode, changes it, or takes it away. */
export function SetPasscode({ done }: { done?: () => void }) {
  const current = client.value;
  const guarded = current?.guarded.value ?? false;
  const former = useSignal("");
  const next = useSignal("");
  const failed = useSignal("");
  const busy = useSignal(false);
  const set = async (passcode: string): Promise<void> => {
    const weak = passcode && weakness(passcode);
    if (weak) {
      failed.value = t(`lock.weak.${weak}`);
      return;
    }
    busy.value = true;
    try {
      const tried = await current?.guard(passcode, former.value);
      failed.value = tried ? wordsOf(tried) : "";
      if (tried?.opened) {
        former.value = next.value = "";
        done?.();
      }
    } catch {
      failed.value = t("error.storage");
    }
    busy.value = false;
  };
  const required = current?.kept.settings.value.values.passcode === "required";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (next.value) void set(next.value);
      }}
    >
      {guarded && <Secret label={t("lock.former")} value={former} kind="current-password" />}
      <Secret label={t("lock.next")} value={next} kind="new-password" />
      <p class="quiet">{t("lock.next.about")}</p>
      {failed.value && (
        <p class="trouble" role="alert">
          {failed.value}
        </p>
      )}
      <div class="buttons">
        <button type="submit" disabled={busy.value || !next.value || (guarded && !former.value)}>
          {t(guarded ? "lock.change" : "lock.set")}
        </button>
        {guarded && !required && (
          <button type="button" disabled={busy.value || !former.value} onClick={() => void set("")}>
            {t("lock.without")}
          </button>
        )}
      </div>
    </form>
  );
}

/** Lets a finger or a face open it beside the passcode; nothing where the device cannot ask for one. */
export function AddPasskey({ done }: { done: () => void }) {
  const able = useSignal(false);
  const passcode = useSignal("");
  const failed = useSignal("");
  const busy = useSignal(false);
  useEffect(() => {
    void canAsk().then((can) => {
      able.value = can;
    });
  }, []);
  if (!able.value) return null;
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    try {
      const tried = await client.peek()?.addPasskey(passcode.value);
      failed.value = tried ? wordsOf(tried) : t("lock.passkey.not");
      if (tried?.opened) done();
    } catch {
      failed.value = t("error.storage");
    }
    passcode.value = "";
    busy.value = false;
  };
  return (
    <details>
      <summary>{t("lock.passkey.add")}</summary>
      <form onSubmit={(event) => void add(event)}>
        <p class="quiet">{t("lock.passkey.about")}</p>
        <Secret label={t("lock.passcode")} value={passcode} kind="current-password" />
        {failed.value && (
          <p class="trouble" role="alert">
            {failed.value}
          </p>
        )}
        <button type="submit" disabled={busy.value || !passcode.value}>
          {t("lock.passkey.go")}
        </button>
      </form>
    </details>
  );
}

/** The site wants a passcode. */
export function MustGuard() {
  return (
    <main class="enrol">
      <h1>{t("lock.set")}</h1>
      <p>{t("lock.required")}</p>
      <SetPasscode />
    </main>
  );
}
