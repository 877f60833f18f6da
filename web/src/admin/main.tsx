/** Administration: the frame around its sections. */

import "../ui/tokens.css";
import "../ui/base.css";
import "./admin.css";
import { effect, signal } from "@preact/signals";
import { type ComponentType, render } from "preact";
import { useEffect } from "preact/hooks";
import { language } from "../core/i18n/language";
import { theme } from "../core/look";
import { signedOut } from "../core/rest";
import { ChooseLanguage, ChooseTheme } from "../ui/choose";
import { Palette } from "./palette";
import { Dialog } from "./parts/dialog";
import { Failed, Loading } from "./parts/faces";
import { open, type Section } from "./sections";
import { findWho, go, leave, leaving, place, signIn, signInAddress, signOut, unknown, who } from "./state";
import { t } from "./words";

const loaded = signal<Record<string, ComponentType>>({});
const trouble = signal<unknown>(null);

function App() {
  if (unknown.value && !who.value)
    return (
      <main class="alone">
        <Failed error={unknown.value} again={() => void findWho()} />
      </main>
    );
  if (!who.value)
    return (
      <main class="alone">
        <Loading />
      </main>
    );
  const sections = open();
  const section = sections.find((one) => one.name === place.value.section);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        {t("shell.skip")}
      </button>
      <Head />
      <div class="frame">
        <Menu sections={sections} />
        <main id="main" tabIndex={-1}>
          {section ? <View section={section} /> : <Nowhere sections={sections} />}
        </main>
      </div>
      <Palette sections={sections} />
      <Leaving />
      <Ended />
    </>
  );
}

function Head() {
  return (
    <header class="head">
      <strong class="site">{who.value?.site}</strong>
      <span class="grow" />
      <ChooseLanguage
        bare
        label={t("shell.language")}
        onChange={(chosen) => {
          language.value = chosen;
        }}
      />
      <ChooseTheme
        bare
        label={t("shell.theme")}
        value={theme.value}
        word={(one) => t(`theme.${one}`)}
        onChange={(chosen) => {
          theme.value = chosen;
        }}
      />
      <bdi class="who">{who.value?.name}</bdi>
      <button
        type="button"
        onClick={() =>
          void signOut().catch((error: unknown) => {
            trouble.value = error;
          })
        }
      >
        {t("shell.sign_out")}
      </button>
      {trouble.value ? <Failed error={trouble.value} /> : null}
    </header>
  );
}

function Menu({ sections }: { sections: Section[] }) {
  return (
    <nav aria-label={t("shell.menu")}>
      {sections.map(({ name, label }) => (
        <a key={name} href={`#/${name}`} aria-current={place.value.section === name ? "page" : undefined}>
          {t(label)}
        </a>
      ))}
    </nav>
  );
}

function View({ section }: { section: Section }) {
  const Found = loaded.value[section.name];
  const title = `${t(section.label)} · Wardwire`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (!loaded.peek()[section.name]) void fetchSection(section);
  }, [section]);
  if (Found) return <Found key={section.name} />;
  if (trouble.value) return <Failed error={trouble.value} again={() => void fetchSection(section)} />;
  return <Loading />;
}

async function fetchSection(section: Section): Promise<void> {
  trouble.value = null;
  try {
    const { default: Found } = await section.load();
    loaded.value = { ...loaded.value, [section.name]: Found };
  } catch {
    // Also when the site was updated and its files have other names now.
    trouble.value = new Error(t("shell.section_gone"));
  }
}

function Nowhere({ sections }: { sections: Section[] }) {
  const [first] = sections;
  const nowhere = !place.value.section;
  useEffect(() => {
    if (nowhere && first) go(first.name);
  }, [nowhere, first]);
  if (!first) return <p role="alert">{t("shell.nothing")}</p>;
  return nowhere ? <Loading /> : <p role="alert">{t("shell.nowhere")}</p>;
}

/** Something is not saved, and somebody wants to go. */
function Leaving() {
  return (
    <Dialog
      open={leaving.value !== null}
      title={t("leave.title")}
      onClose={() => {
        leaving.value = null;
      }}
    >
      <p>{t("leave.text")}</p>
      <div class="buttons">
        <button type="submit" class="first">
          {t("leave.stay")}
        </button>
        <button type="button" class="danger" onClick={leave}>
          {t("leave.go")}
        </button>
      </div>
    </Dialog>
  );
}

/** Signed in no longer, in the middle of something. */
function Ended() {
  return (
    <Dialog
      open={signedOut.value}
      title={t("ended.title")}
      onClose={() => {
        signedOut.value = false;
      }}
    >
      <p>{t("ended.text")}</p>
      <div class="buttons">
        <button type="button" class="first" onClick={signIn}>
          {t("ended.here")}
        </button>
        <a class="button" href={signInAddress()} target="_blank" rel="noreferrer">
          {t("ended.there")}
        </a>
        <button type="submit">{t("ended.again")}</button>
      </div>
    </Dialog>
  );
}

// Somebody who moves to another section by keys hears of it: the new heading has the focus.
let before = place.peek().section;
effect(() => {
  const { section } = place.value;
  if (section !== before && before) queueMicrotask(() => document.getElementById("main")?.focus());
  before = section;
});

const root = document.getElementById("app");
if (root) render(<App />, root);
void findWho();
