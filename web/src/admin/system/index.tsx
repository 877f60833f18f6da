/** What the site runs on: versions, processes, certificates, backup, licences. */

import type { CertificateOut, CoreOut, SoftwareOut } from "../../core/generated/api";
import { ask } from "../../core/rest";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { Table } from "../parts/table";
import { time } from "../words";
import { count, stateOf, t } from "./words";

const DAY_MS = 86_400_000;
/** From then on somebody should see to it: the site itself tells the desk at 21 days, too. */
const SOON_DAYS = 30;

export default function System() {
  const load = useLoad(async (signal) => {
    const [software, site] = await Promise.all([
      ask("GET /v1/site/software", { signal }),
      ask("GET /v1/site", { signal }),
    ]);
    return { software, site };
  });
  return (
    <>
      <h1>{t("title")}</h1>
      <p>
        <a href="/status">{t("status")}</a>
      </p>
      <Shown load={load}>
        {({ software, site }) => (
          <>
            <Versions software={software} />
            <Cores cores={site.cores} />
            <Certificates certificates={software.certificates} />
            <section>
              <h2>{t("backup.title")}</h2>
              <p>{t("backup.about")}</p>
            </section>
            <Packages software={software} />
          </>
        )}
      </Shown>
    </>
  );
}

function Versions({ software }: { software: SoftwareOut }) {
  return (
    <section>
      <h2>{t("versions.title")}</h2>
      <p>{t("versions.wardwire", { version: software.version, licence: software.licence })}</p>
      <Table
        caption={t("versions.title")}
        rows={software.engines}
        keyOf={(engine) => engine.name}
        empty=""
        columns={[
          { key: "engine", head: t("versions.engine"), cell: (engine) => engine.name },
          { key: "version", head: t("versions.version"), cell: (engine) => engine.version },
          { key: "state", head: t("versions.state"), cell: (engine) => stateOf(engine.state) },
          {
            key: "ours",
            head: t("versions.ours"),
            cell: (engine) => t(engine.ours ? "versions.yes" : "versions.no"),
          },
        ]}
      />
    </section>
  );
}

function Cores({ cores }: { cores: CoreOut[] }) {
  return (
    <section>
      <h2>{t("cores.title")}</h2>
      <Table
        caption={t("cores.title")}
        rows={cores}
        keyOf={(core) => core.name}
        empty={t("cores.none")}
        columns={[
          { key: "name", head: t("cores.name"), value: (core) => core.name, cell: (core) => core.name },
          {
            key: "state",
            head: t("versions.state"),
            value: (core) => core.state,
            cell: (core) =>
              core.state === "silent" ? <b class="late">{stateOf(core.state)}</b> : stateOf(core.state),
          },
          {
            key: "version",
            head: t("versions.version"),
            value: (core) => core.version,
            cell: (core) => core.version,
          },
          { key: "serves", head: t("cores.serves"), cell: (core) => core.serves.replaceAll(",", ", ") },
          {
            key: "since",
            head: t("cores.since"),
            when: true,
            value: (core) => Date.parse(core.since),
            cell: (core) => time(core.since),
          },
          {
            key: "heard",
            head: t("cores.heard"),
            when: true,
            value: (core) => Date.parse(core.heard_at),
            cell: (core) => time(core.heard_at),
          },
        ]}
      />
    </section>
  );
}

function Certificates({ certificates }: { certificates: CertificateOut[] }) {
  return (
    <section>
      <h2>{t("certificates.title")}</h2>
      <Table
        caption={t("certificates.title")}
        rows={certificates}
        keyOf={(one) => one.use}
        empty={t("certificates.none")}
        columns={[
          { key: "use", head: t("certificates.use"), cell: (one) => <code>{one.use}</code> },
          {
            key: "names",
            head: t("certificates.names"),
            cell: (one) => (one.why ? <b class="late">{one.why}</b> : one.names.join(", ")),
          },
          { key: "issuer", head: t("certificates.issuer"), cell: (one) => one.issuer },
          { key: "ends", head: t("certificates.ends"), cell: ends },
        ]}
      />
    </section>
  );
}

function ends({ ends_at }: CertificateOut) {
  if (!ends_at) return "–";
  const days = Math.floor((Date.parse(ends_at) - Date.now()) / DAY_MS);
  const left = days < 0 ? t("certificates.over") : count("certificates.left", days);
  return (
    <>
      {time(ends_at, false)} <span class={days < SOON_DAYS ? "late" : "quiet"}>{left}</span>
    </>
  );
}

function Packages({ software }: { software: SoftwareOut }) {
  return (
    <section>
      <h2>{t("packages.title")}</h2>
      <Table
        caption={t("packages.title")}
        rows={software.packages}
        keyOf={(one) => one.name}
        empty=""
        filter
        page={25}
        columns={[
          { key: "name", head: t("packages.name"), value: (one) => one.name, cell: (one) => one.name },
          { key: "version", head: t("packages.version"), cell: (one) => one.version },
          {
            key: "licence",
            head: t("packages.licence"),
            value: (one) => one.licence,
            cell: (one) => one.licence || t("packages.none"),
          },
        ]}
      />
    </section>
  );
}
