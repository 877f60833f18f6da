/** Enters a page that was made by hand: whom, when, what for, and what came of it. */

import { PRIORITIES } from "../../core/device/frames";
import { enter, OUTCOMES, paper } from "../paper";
import { t, word } from "../words";
import { Acts } from "./acts";

const TEXT_MAX = 4_000;

export function Paper() {
  const { who, called, priority, text, outcome, at } = paper;
  return (
    <section class="pane" aria-labelledby="paper-title">
      <h2 id="paper-title">{t("paper.title")}</h2>
      <p class="quiet">{t("paper.about")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && event.target instanceof HTMLInputElement)
            event.preventDefault();
        }}
      >
        <p>
          {t("paper.who")}{" "}
          {who.value ? (
            <strong>
              <bdi>{who.value.name}</bdi>
            </strong>
          ) : (
            <span class="quiet">{t("paper.who.missing")}</span>
          )}
        </p>
        <div class="row">
          <Clock id="paper-called" label={t("paper.called")} of={called} />
          <label class="short">
            {t("page.priority")}
            <select
              value={priority.value}
              onChange={(event) => {
                priority.value = event.currentTarget.value as "high";
              }}
            >
              {PRIORITIES.map((one) => (
                <option key={one} value={one}>
                  {t(`priority.${one}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <label for="paper-text">{t("page.text")}</label>
        <textarea
          id="paper-text"
          rows={3}
          maxLength={TEXT_MAX}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        <div class="row">
          <label class="short">
            {t("paper.outcome")}
            <select
              value={outcome.value}
              onChange={(event) => {
                outcome.value = event.currentTarget.value as "told";
              }}
            >
              {OUTCOMES.map((one) => (
                <option key={one} value={one}>
                  {word("outcome", one)}
                </option>
              ))}
            </select>
          </label>
          <Clock id="paper-at" label={t("paper.at")} of={at} />
        </div>
        <Acts label={t("paper.enter")} />
      </form>
    </section>
  );
}

function Clock({ id, label, of }: { id: string; label: string; of: { value: string } }) {
  return (
    <label class="short">
      {label}
      <input
        id={id}
        type="text"
        inputMode="numeric"
        maxLength={5}
        value={of.value}
        onInput={(event) => {
          of.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
