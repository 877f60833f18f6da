/** What is seen before the console can be used: sign in, add this place, ended. */

import { NoKeys } from "../../core/device/keys";
import { NotEnrolled } from "../../core/enrol";
import { CodeField, NameField, useJoin } from "../../ui/join";
import { APP, begin, codeOfLink, forgetCode } from "../device";
import { database } from "../state";
import { t, word } from "../words";

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
  const join = useJoin(database, APP, codeOfLink(), t("enrol.name.default"), async (card) => {
    forgetCode();
    await begin(card);
  });
  return (
    <main class="door">
      <h1>{t("enrol.title")}</h1>
      <p>{t("enrol.text")}</p>
      <form onSubmit={join.submit}>
        <CodeField join={join} label={t("enrol.code")} />
        <NameField join={join} label={t("enrol.name")} />
        {join.failed.value !== null && (
          <p class="bad" role="alert">
            {wordsOf(join.failed.value)}
          </p>
        )}
        <p class="acts">
          <button type="submit" class="first" disabled={join.busy.value || !join.code.value.trim()}>
            {t("enrol.go")}
          </button>
          <span role="status">{join.busy.value ? t("enrol.busy") : ""}</span>
        </p>
      </form>
    </main>
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof NotEnrolled) return t(error.code === "offline" ? "enrol.offline" : "enrol.no");
  return t(error instanceof NoKeys ? "enrol.nokeys" : "error.storage");
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
      <p>{elsewhere ? t("elsewhere") : t("ended", { why: word("over", why) })}</p>
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
