/** A code call: its type, where, live or as a drill; read back in words before it goes. */

import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Found } from "../../core/device/frames";
import type { CodeType } from "../../core/generated/frames";
import { t } from "../../core/i18n";
import { Finder } from "../parts/finder";
import { client, database, go } from "../state";

/** As the site last said; kept, for a call must not wait for a list. */
const types = signal<readonly CodeType[] | null>(null);

async function load(): Promise<void> {
  types.value ??= (await database.get<CodeType[]>("state", "codes").catch(() => undefined)) ?? null;
  const answer = await client.peek()?.request({ t: "codes" });
  if (answer?.t !== "codes") {
    types.value ??= [];
    return;
  }
  types.value = answer.data ?? [];
  await database.put("state", "codes", types.value).catch(() => undefined);
}

export function CodeCall() {
  const type = useSignal<CodeType | null>(null);
  const place = useSignal<Found | null>(null);
  const drill = useSignal(false);
  const sure = useSignal(false);
  const failed = useSignal("");
  const last = useRef<HTMLDivElement>(null);
  const live = client.value?.link.value.link === "live";
  useEffect(() => void load(), [live]);
  useEffect(() => {
    if (sure.value) last.current?.scrollIntoView({ block: "center" });
  }, [sure.value]);
  const anew = (): void => {
    sure.value = false;
  };
  const ready = type.value !== null && place.value !== null;
  const told = { type: type.value?.name ?? "", place: place.value?.name ?? "" };
  const call = async (): Promise<void> => {
    if (!type.value || !place.value) return;
    const frame = {
      to: [],
      policy: type.value.id,
      place: place.value.id,
      priority: "code",
      subject: `${told.type} · ${told.place}`,
      text: t("call.sentence", told),
      responses: { accept_decline: true },
      ...(drill.value ? { drill: true } : {}),
    };
    try {
      await client.value?.say("send", frame, `${drill.value ? `${t("call.drill")}: ` : ""}${told.type}`);
      go("inbox");
    } catch {
      failed.value = t("error.storage");
    }
  };
  return (
    <main class={drill.value ? "call drill" : "call"}>
      <h1>{t("call.title")}</h1>
      {drill.value && <p class="state">{t("call.drill.on")}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          if (sure.value) void call();
          else sure.value = true;
        }}
      >
        <fieldset>
          <legend>{t("call.type")}</legend>
          {types.value === null && <p role="status">{t("call.loading")}</p>}
          {types.value?.length === 0 && <p class="warn">{t("call.none")}</p>}
          <div class="choices tall">
            {types.value?.map((one) => (
              <label key={one.id}>
                <input
                  type="radio"
                  name="type"
                  checked={type.value?.id === one.id}
                  onChange={() => {
                    type.value = one;
                    anew();
                  }}
                />
                <bdi>{one.name}</bdi>
              </label>
            ))}
          </div>
        </fieldset>
        <Finder
          label={t("call.place")}
          placeholder={t("compose.place.hint")}
          kind="place"
          clear
          onChoose={(found) => {
            place.value = found;
            anew();
          }}
        />
        {place.value && (
          <p class="state">
            <bdi>{told.place}</bdi>
          </p>
        )}
        <label class="switch">
          <input
            type="checkbox"
            checked={drill.value}
            onChange={(event) => {
              drill.value = event.currentTarget.checked;
              anew();
            }}
          />
          {t("call.drill.set")}
        </label>
        {failed.value && (
          <p class="trouble" role="alert">
            {failed.value}
          </p>
        )}
        <div ref={last}>
          {sure.value && (
            <p class="trouble" role="alert">
              {t(drill.value ? "call.sure.drill" : "call.sure", { said: t("call.sentence", told) })}
            </p>
          )}
          {!live && <p class="warn">{t("call.away")}</p>}
          <button type="submit" class={`${sure.value && !drill.value ? "danger" : "first"} wide`} disabled={!ready}>
            {t(!ready ? "call.lacks" : sure.value ? (drill.value ? "call.go.drill" : "call.go") : "call.check", told)}
          </button>
          <button type="button" class="wide" onClick={() => (sure.value ? anew() : go("new"))}>
            {t(sure.value ? "call.change" : "call.back")}
          </button>
        </div>
      </form>
    </main>
  );
}
