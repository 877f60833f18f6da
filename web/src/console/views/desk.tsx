/** Shift hand-over: what is open with a note to each, a note that must be written, and whoever comes accepts. */

import type { Priority } from "../../core/device/frames";
import type { HandoverOut, ThingOut } from "../../core/generated/api";
import { age, time } from "../../core/i18n";
import { readDetail } from "../alarms";
import { accept, draft, given, handOver, handovers, load, offered, things, trouble, why } from "../desk";
import { now } from "../state";
import { t, word } from "../words";
import { Acts } from "./acts";
import { Stands } from "./face";
import { Tag } from "./tag";

const NOTE_MAX = 500;

export function Desk() {
  const past = handovers.value.filter((one) => one.state !== "open");
  return (
    <section class="pane" aria-labelledby="desk-title">
      <h2 id="desk-title" tabIndex={-1}>
        {t("desk.title")}
      </h2>
      <Stands face={trouble.value || "fresh"} away={t("desk.away")} why={why.value} again={load} />
      {offered.value.map((one) => (
        <Offered key={one.id} one={one} />
      ))}
      {given.value && (
        <p class="warn" role="status">
          {t("desk.waits", { time: age(now.value - Date.parse(given.value.made_at)) })}
        </p>
      )}
      {offered.value.length === 0 && <Give />}
      {past.length > 0 && (
        <>
          <h3>{t("desk.past")}</h3>
          <ul class="plain steps">
            {past.map((one) => (
              <li key={one.id}>
                <span class="time">{time(Date.parse(one.made_at))}</span>
                <span>
                  <strong>
                    {one.accepted_by
                      ? t("desk.from", { from: one.giver.name ?? "", to: one.accepted_by.name ?? "" })
                      : t("desk.replaced", { from: one.giver.name ?? "" })}
                  </strong>{" "}
                  {one.note}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** What somebody else hands over: read, then accepted. */
function Offered({ one }: { one: HandoverOut }) {
  return (
    <form
      class="readback"
      onSubmit={(event) => {
        event.preventDefault();
        void accept(one);
      }}
    >
      <h3>{t("desk.offer", { who: one.giver.name ?? "", time: time(Date.parse(one.made_at)) })}</h3>
      <p class="said">{one.note}</p>
      {one.items.length === 0 && <p class="quiet">{t("desk.nothing")}</p>}
      <ul class="plain rows">
        {one.items.map((item) => (
          <li key={item.id} class={item.open ? "" : "over"}>
            <Thing item={item} />
            {item.note && <p>{item.note}</p>}
          </li>
        ))}
      </ul>
      <Acts label={t("desk.accept")} />
    </form>
  );
}

function Give() {
  const { note, notes } = draft;
  const list = things.value;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void handOver();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.ctrlKey && event.target instanceof HTMLInputElement)
          event.preventDefault();
      }}
    >
      <label for="desk-note">{t("desk.note")}</label>
      <textarea
        id="desk-note"
        rows={3}
        maxLength={NOTE_MAX}
        required
        value={note.value}
        onInput={(event) => {
          note.value = event.currentTarget.value;
        }}
      />
      <h3>{t("desk.open")}</h3>
      {list === null && trouble.value === "" && <p role="status">{t("loading")}</p>}
      {list?.length === 0 && <p class="quiet">{t("desk.nothing")}</p>}
      <ul class="plain rows">
        {list?.map((item) => (
          <li key={item.id}>
            <Thing item={item} />
            <input
              type="text"
              maxLength={NOTE_MAX}
              aria-label={t("desk.note.of", { what: readDetail(item.about ?? "").text })}
              placeholder={t("desk.note.short")}
              value={notes.value[item.id] ?? ""}
              onInput={(event) => {
                notes.value = { ...notes.value, [item.id]: event.currentTarget.value };
              }}
            />
          </li>
        ))}
      </ul>
      <Acts label={t("desk.give")} />
    </form>
  );
}

function Thing({ item }: { item: ThingOut }) {
  return (
    <p class="line">
      {item.priority ? (
        <Tag priority={item.priority as Priority} />
      ) : (
        <span class="badge">{word("thing", item.kind)}</span>
      )}
      <span class="subject">{readDetail(item.about ?? "").text || t("desk.forgotten")}</span>
      {item.since && <span class="since">{age(now.value - Date.parse(item.since))}</span>}
      {!item.open && <span>{t("desk.over")}</span>}
    </p>
  );
}
