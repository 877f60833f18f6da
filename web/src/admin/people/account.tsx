/** With what somebody signs in here, and what they may do then. */

import { useSignal } from "@preact/signals";
import { type Answer, ask } from "../../core/rest";
import { Failed } from "../parts/faces";
import { Field, Save, useForm } from "../parts/form";
import { useLoad } from "../parts/load";
import { Shown } from "../parts/shown";
import { time } from "../words";
import type { PersonOut } from "./edit";
import { t } from "./words";

type Account = Answer<"GET /v1/accounts">["data"][number];
const ROLES = ["clinician", "operator", "unit_manager", "auditor", "administrator"] as const;

export function AccountPart({ person }: { person: PersonOut }) {
  const load = useLoad((signal) => ask("GET /v1/accounts", { query: { person: person.id }, signal }), [person.id]);
  const issued = useSignal<Account | null>(null);
  return (
    <section>
      <h2>{t("account.title")}</h2>
      <Shown load={load} bare>
        {({ data: [account] }) =>
          account ? (
            <Shape
              account={account}
              issued={(made) => {
                issued.value = made;
              }}
              again={load.again}
            />
          ) : (
            <>
              <p class="quiet">{t("account.none")}</p>
              {!person.disabled && (
                <details>
                  <summary>{t("account.new")}</summary>
                  <Add
                    person={person}
                    made={(made) => {
                      issued.value = made;
                      load.again();
                    }}
                  />
                </details>
              )}
            </>
          )
        }
      </Shown>
      {issued.value?.code && (
        <p class="card" role="status">
          {t("account.code")} <code class="large">{issued.value.code}</code>
          <br />
          {issued.value.code_expires_at &&
            t("account.code.how", { time: time(issued.value.code_expires_at, false), login: issued.value.login })}
        </p>
      )}
    </section>
  );
}

function Shape({ account, issued, again }: { account: Account; issued: (made: Account) => void; again: () => void }) {
  const error = useSignal<unknown>(null);
  const form = useForm(rolesOf(account.roles));
  const path = { account_id: account.id };
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    error.value = null;
    try {
      await work();
      again();
    } catch (refused) {
      error.value = refused;
    }
  };
  return (
    <>
      <p>
        <code>{account.login}</code> · {account.roles.map((role) => t(`role.${role as "auditor"}`)).join(", ")} ·{" "}
        {account.password ? t("account.password") : t("account.no_password")} ·{" "}
        {account.second_factor ? t("account.second") : t("account.no_second")}
        {account.disabled && (
          <>
            {" · "}
            <strong>{t("account.disabled")}</strong>
          </>
        )}
      </p>
      {error.value ? <Failed error={error.value} /> : null}
      <details>
        <summary>{t("account.roles")}</summary>
        <form
          onSubmit={form.submit(
            (values) =>
              ask("PATCH /v1/accounts/{account_id}", { path, body: { roles: ROLES.filter((role) => values[role]) } }),
            again,
          )}
        >
          {ROLES.map((role) => (
            <Field key={role} form={form} name={role} type="checkbox" label={t(`role.${role}`)} />
          ))}
          <Save form={form} />
        </form>
      </details>
      <div class="buttons">
        <button
          type="button"
          onClick={() =>
            void attempt(async () => issued(await ask("POST /v1/accounts/{account_id}/codes", { path })))
          }
        >
          {t("account.reset")}
        </button>
        {account.second_factor && (
          <button
            type="button"
            onClick={() =>
              void attempt(() => ask("PATCH /v1/accounts/{account_id}", { path, body: { second_factor: false } }))
            }
          >
            {t("account.second.remove")}
          </button>
        )}
        <button
          type="button"
          class={account.disabled ? "" : "danger"}
          onClick={() =>
            void attempt(() =>
              ask("PATCH /v1/accounts/{account_id}", { path, body: { disabled: !account.disabled } }),
            )
          }
        >
          {account.disabled ? t("account.enable") : t("account.disable")}
        </button>
      </div>
    </>
  );
}

type Roles = Record<(typeof ROLES)[number], boolean>;

function rolesOf(held: readonly string[]): Roles {
  return Object.fromEntries(ROLES.map((role) => [role, held.includes(role)])) as Roles;
}

function Add({ person, made }: { person: PersonOut; made: (account: Account) => void }) {
  const form = useForm({ login: "", role: "clinician" });
  return (
    <form
      onSubmit={form.submit(
        ({ login, role }) =>
          ask("POST /v1/accounts", { body: { person: person.id, login: login.trim(), roles: [role] } }),
        made,
      )}
    >
      <Field form={form} name="login" label={t("account.login")} required />
      <Field
        form={form}
        name="role"
        label={t("account.role")}
        options={ROLES.map((role) => [role, t(`role.${role}`)])}
      />
      <Save form={form} label={t("account.new")} />
    </form>
  );
}
