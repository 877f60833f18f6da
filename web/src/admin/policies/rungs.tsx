/** The steps of a draft: each a sentence, and the fields that it is made of. */

import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { swapped } from "../oncall/layers";
import { Labelled } from "../parts/labelled";
import { Finder } from "../who/finder";
import { t as common } from "../who/words";
import { type Step, sayStep, sayTarget } from "./ladder";
import { t } from "./words";

const KINDS = ["app", "pager", "phone", "email", "sms", "voice"] as const;
const FIXED = ["bed:primary", "bed:secondary", "bed:tertiary", "desk"] as const;
const ANSWERS = ["accepted", "read", "delivered"] as const;
const ENDS = ["first", "all", "quorum"] as const;
type Part = NonNullable<Step["quorum"]>[number];

interface Props {
  steps: readonly Step[];
  change: (steps: Step[]) => void;
  /** What the server says is wrong with a step. */
  fault: (nth: number) => string;
}

export function Rungs({ steps, change, fault }: Props) {
  return (
    <>
      <ol class="ladder">
        {steps.map((step, nth) => (
          <Rung
            key={`${nth} of ${steps.length}`}
            nth={nth}
            steps={steps}
            step={step}
            change={change}
            fault={fault(nth)}
          />
        ))}
        <li class="ladder-end">{t("end.desk")}</li>
      </ol>
      <button type="button" onClick={() => change([...steps, { targets: [], wait_s: 120 }])}>
        {t("step.add")}
      </button>
    </>
  );
}

interface RungProps {
  nth: number;
  step: Step;
  steps: readonly Step[];
  change: (steps: Step[]) => void;
  fault: string;
}

function Rung({ nth, step, steps, change, fault }: RungProps) {
  // A step that is new is open, and stays so while it is written.
  const fresh = useRef(step.targets.length === 0);
  return (
    <li>
      <p>
        {sayStep(step)}.{fault && <span class="fault"> {fault}</span>}
      </p>
      <details open={fresh.current || Boolean(fault)}>
        <summary>{t("step.edit", { n: nth + 1 })}</summary>
        <One step={step} put={(after) => change(steps.map((one, at) => (at === nth ? after : one)))} />
        <div class="buttons">
          <button type="button" disabled={nth === 0} onClick={() => change(swapped(steps, nth - 1))}>
            {t("step.up")}
            <span class="hidden"> {nth + 1}</span>
          </button>
          <button type="button" disabled={nth === steps.length - 1} onClick={() => change(swapped(steps, nth))}>
            {t("step.down")}
            <span class="hidden"> {nth + 1}</span>
          </button>
          <button
            type="button"
            class="danger"
            disabled={steps.length === 1}
            onClick={() => change(steps.filter((_, at) => at !== nth))}
          >
            {t("step.remove")}
            <span class="hidden"> {nth + 1}</span>
          </button>
        </div>
      </details>
    </li>
  );
}

/** What of a step is out of the ordinary is written; the rest is left out, as the API has it. */
export function tidied(step: Step): Step {
  const { targets, wait_s, answer, ends, quorum, endpoints, repeat } = step;
  return {
    targets,
    wait_s,
    ...(answer && answer !== "accepted" ? { answer } : {}),
    ...(ends && ends !== "first" ? { ends } : {}),
    ...(ends === "quorum" && quorum ? { quorum } : {}),
    ...(endpoints?.length ? { endpoints } : {}),
    ...(repeat ? { repeat } : {}),
  };
}

function One({ step, put: hand }: { step: Step; put: (step: Step) => void }) {
  const put = (part: Partial<Step>): void => hand(tidied({ ...step, ...part }));
  const ends = step.ends ?? "first";
  return (
    <>
      <Targets step={step} put={(targets) => put({ targets })} />
      <div class="columns">
        <Labelled
          label={t("wait")}
          type="number"
          min={1}
          max={86_400}
          required
          value={step.wait_s}
          onChange={(typed) => put({ wait_s: Number(typed) })}
        />
        <Labelled
          label={t("repeat")}
          type="number"
          min={0}
          max={20}
          value={step.repeat ?? 0}
          onChange={(typed) => put({ repeat: Number(typed) })}
        />
        <Labelled
          label={t("answer")}
          value={step.answer ?? "accepted"}
          options={ANSWERS.map((one) => [one, t(`answer.long.${one}`)] as const)}
          onChange={(chosen) => put({ answer: chosen as (typeof ANSWERS)[number] })}
        />
        <Labelled
          label={t("ends")}
          value={ends}
          options={ENDS.map((one) => [one, t(`ends.${one}`)] as const)}
          onChange={(chosen) =>
            put({ ends: chosen as (typeof ENDS)[number], quorum: step.targets.map((role) => ({ role, n: 1 })) })
          }
        />
      </div>
      {ends === "quorum" && <Team step={step} put={(quorum) => put({ quorum })} />}
      <fieldset>
        <legend>{t("ways")}</legend>
        <p class="quiet">{t("ways.hint")}</p>
        <div class="filter">
          {KINDS.map((kind) => (
            <label key={kind}>
              <input
                type="checkbox"
                checked={step.endpoints?.includes(kind) ?? false}
                onChange={(event) =>
                  put({
                    endpoints: KINDS.filter((one) =>
                      one === kind ? event.currentTarget.checked : step.endpoints?.includes(one),
                    ),
                  })
                }
              />{" "}
              {t(`way.${kind}`)}
            </label>
          ))}
        </div>
      </fieldset>
    </>
  );
}

function Targets({ step, put }: { step: Step; put: (targets: string[]) => void }) {
  const id = useId();
  const kind = useSignal<"unit" | "next">("unit");
  const name = useSignal("");
  const add = (target: string): void => {
    if (!step.targets.includes(target)) put([...step.targets, target]);
  };
  return (
    <fieldset>
      <legend>{t("targets")}</legend>
      <ul class="plain">
        {step.targets.map((target) => (
          <li key={target} class="chosen">
            <bdi>{sayTarget(target)}</bdi>
            <button type="button" onClick={() => put(step.targets.filter((one) => one !== target))}>
              {common("remove")}
              <span class="hidden"> {sayTarget(target)}</span>
            </button>
          </li>
        ))}
      </ul>
      <Finder
        label={t("targets.find")}
        kinds={["person", "role", "group"]}
        onPick={(one) => add(`${one.kind}:${one.name}`)}
      />
      <div class="filter">
        {FIXED.filter((one) => !step.targets.includes(one)).map((one) => (
          <button key={one} type="button" onClick={() => add(one)}>
            {t("targets.add", { what: sayTarget(one) })}
          </button>
        ))}
      </div>
      <div class="filter">
        <label for={`${id}-kind`}>{t("targets.other")}</label>
        <select
          id={`${id}-kind`}
          value={kind.value}
          onChange={(event) => {
            kind.value = event.currentTarget.value as "unit" | "next";
          }}
        >
          <option value="unit">{t("targets.unit")}</option>
          <option value="next">{t("targets.next")}</option>
        </select>
        <label class="hidden" for={`${id}-name`}>
          {t("targets.name")}
        </label>
        <input
          id={`${id}-name`}
          value={name.value}
          placeholder={kind.value === "unit" ? "charge nurse" : "Cardiology 1st"}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
        <button
          type="button"
          disabled={!name.value.trim()}
          onClick={() => {
            add(`${kind.value}:${name.value.trim()}`);
            name.value = "";
          }}
        >
          {common("add")}
        </button>
      </div>
    </fieldset>
  );
}

/** A team that must be complete: so many of each part, within a time, else a backup. */
function Team({ step, put }: { step: Step; put: (quorum: Part[]) => void }) {
  const id = useId();
  const parts = step.targets.map((role) => step.quorum?.find((one) => one.role === role) ?? { role, n: 0 });
  const set = (role: string, part: Partial<Part>): void =>
    put(parts.map((one) => (one.role === role ? { ...one, ...part } : one)).filter((one) => (one.n ?? 1) > 0));
  return (
    <fieldset>
      <legend>{t("team")}</legend>
      {parts.map((part, nth) => (
        <div key={part.role} class="filter">
          <label for={`${id}-${nth}-n`}>{sayTarget(part.role)}</label>
          <input
            id={`${id}-${nth}-n`}
            type="number"
            min={0}
            max={50}
            value={part.n ?? 1}
            onInput={(event) => set(part.role, { n: Number(event.currentTarget.value) })}
          />
          <label for={`${id}-${nth}-within`}>{t("team.within")}</label>
          <input
            id={`${id}-${nth}-within`}
            type="number"
            min={1}
            value={part.within_s ?? 30}
            onInput={(event) => set(part.role, { within_s: Number(event.currentTarget.value) })}
          />
          <label for={`${id}-${nth}-backup`}>{t("team.backup")}</label>
          <input
            id={`${id}-${nth}-backup`}
            value={part.backup ?? ""}
            placeholder="role:Anaesthesia 2nd"
            onInput={(event) => set(part.role, { backup: event.currentTarget.value.trim() })}
          />
        </div>
      ))}
    </fieldset>
  );
}
