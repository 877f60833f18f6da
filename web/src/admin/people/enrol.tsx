/** A code that lets one device of somebody in, as a card: shown on the screen, or printed. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Answer, ask } from "../../core/rest";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/faces";
import { time } from "../words";
import type { PersonOut } from "./edit";
import { t } from "./words";

type Code = Answer<"POST /v1/people/{person_id}/codes">;

export function Enrol({ person, done }: { person: PersonOut; done: () => void }) {
  const code = useSignal<Code | null>(null);
  const error = useSignal<unknown>(null);
  const issue = async (): Promise<void> => {
    error.value = null;
    try {
      code.value = await ask("POST /v1/people/{person_id}/codes", { path: { person_id: person.id } });
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <>
      <button type="button" class="first" onClick={() => void issue()}>
        {t("enrol")}
      </button>
      {error.value ? <Failed error={error.value} /> : null}
      <Dialog
        open={code.value !== null}
        title={t("enrol.title", { name: person.name })}
        onClose={() => {
          code.value = null;
          done();
        }}
      >
        {code.value && <Card code={code.value} name={person.name} />}
        <div class="buttons">
          <button type="submit" class="first">
            {t("enrol.done")}
          </button>
          <button type="button" onClick={() => print()}>
            {t("enrol.print")}
          </button>
        </div>
      </Dialog>
    </>
  );
}

function Card({ code, name }: { code: Code; name: string }) {
  return (
    <div class="card">
      <Picture svg={code.qr} label={t("enrol.qr", { name })} />
      <ol>
        <li>{code.qr ? t("enrol.scan") : t("enrol.open")}</li>
        <li>{t("enrol.press")}</li>
        <li>{t("enrol.try")}</li>
      </ol>
      <p>
        {t("enrol.code")} <code class="large">{code.code}</code>
      </p>
      {code.url && <p class="quiet">{code.url.replace(/#.*/, "")}</p>}
      <p>{t("enrol.expires", { time: time(code.expires_at, false) })}</p>
    </div>
  );
}

/** A picture that the server has drawn, as SVG: parsed as such, so that it can be nothing else. */
function Picture({ svg, label }: { svg: string; label: string }) {
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const drawn = svg && new DOMParser().parseFromString(withNamespace(svg), "image/svg+xml").documentElement;
    if (!(drawn instanceof SVGElement)) return;
    // Without it the picture would not grow and shrink with its frame.
    const [width, height] = [drawn.getAttribute("width"), drawn.getAttribute("height")];
    if (!drawn.hasAttribute("viewBox")) drawn.setAttribute("viewBox", `0 0 ${width} ${height}`);
    own.current?.replaceChildren(drawn);
  }, [svg]);
  return svg ? <div ref={own} class="qr" role="img" aria-label={label} /> : null;
}

const withNamespace = (svg: string): string =>
  svg.includes("xmlns=") ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
