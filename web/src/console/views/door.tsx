/** What is seen before the console can be used: sign in, add this place, ended. */

import { useSignal } from "@preact/signals";
import { NoKeys } from "../../core/device/keys";
import { enrol, NotEnrolled } from "../../core/enrol";
import { APP, begin, codeOfLink, forgetCode } from "../device";
import { database } from "../state";
import { t } from "../words";

export function SignIn({ away }: { away: boolean }) {
  return (
    <main class="door">
      <h1>{t("signin.title")}</h1>
      <p>{t(away ? "signin.away" : "signin.text")}</p>
      <p class="acts">
        <a class="button first" href="/login?next=/console">
          {t("signin.go")}
        </a>
        <a class="button" href="/sheets/call-down">
          {t("away.sheet")}
        </a>
      </p>
    </main>
  );
}

export function Enrol() {
  const code = useSignal(codeOfLink());
  const name = useSignal(t("enrol.name.default"));
  const busy = useSignal(false);
  const failed = useSignal("");
  const join = async (): Promise<void> => {
    busy.value = true;
    failed.value = "";
    try {
      const card = await enrol(database, code.value, name.value.trim() || t("enrol.name.default"), APP);
      void navigator.storage?.persist?.();
      forgetCode();
      await begin(card);
    } catch (error) {
      failed.value =
        error instanceof NotEnrolled
          ? t(error.code === "offline" ? "enrol.offline" : "enrol.no")
          : t(error instanceof NoKeys ? "enrol.nokeys" : "error.storage");
    } finally {
      busy.value = false;
    }
  };
  return (
    <main class="door">
      <h1>{t("enrol.title")}</h1>
      <p>{t("enrol.text")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void join();
        }}
      >
        <label>
          {t("enrol.code")}
          <input
            type="text"
            required
            autoComplete="one-time-code"
            autoCapitalize="characters"
            spellcheck={false}
            maxLength={40}
            value={code.value}
            onInput={(event) => {
              code.value = event.currentTarget.value;
            }}
          />
        </label>
        <label>
          {t("enrol.name")}
          <input
            type="text"
            maxLength={60}
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        </label>
        {failed.value && (
          <p class="bad" role="alert">
            {failed.value}
          </p>
        )}
        <p class="acts">
          <button type="submit" class="first" disabled={busy.value || !code.value.trim()}>
            {t("enrol.go")}
          </button>
          <span role="status">{busy.value ? t("enrol.busy") : ""}</span>
        </p>
      </form>
    </main>
  );
}

/** The app at `/`, which is the same device, was locked with its passcode: it is opened there. */
export function Locked() {
  return (
    <main class="door">
      <h1>{t("title")}</h1>
      <p>{t("locked")}</p>
      <p class="acts">
        <a class="button first" href="/">
          {t("locked.open")}
        </a>
        <a class="button" href="/sheets/call-down">
          {t("away.sheet")}
        </a>
      </p>
    </main>
  );
}

/** This place is a device no longer; or another window of this browser is. */
export function Ended({ why, unsent }: { why: string; unsent: number }) {
  const elsewhere = why === "session_replaced";
  const again = async (): Promise<void> => {
    if (!elsewhere) await database.wipe();
    location.reload();
  };
  return (
    <main class="door">
      <h1>{t("title")}</h1>
      <p>{elsewhere ? t("elsewhere") : t("ended", { why })}</p>
      {unsent > 0 && (
        <p class="bad" role="alert">
          {t("ended.unsent", { n: unsent })}
        </p>
      )}
      <p class="acts">
        <button type="button" class="first" onClick={() => void again()}>
          {t(elsewhere ? "elsewhere.here" : "ended.again")}
        </button>
        <a class="button" href="/sheets/call-down">
          {t("away.sheet")}
        </a>
      </p>
    </main>
  );
}
