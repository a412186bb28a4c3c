// Every code that the action can answer with: what it means and what to do.

import type { JSX } from "preact";

import { useText } from "../../shared/i18n.ts";
import { Rich } from "../../shared/rich.tsx";
import type { Control } from "../state.ts";
import { errorsOf, type ErrorRow } from "../tables.ts";
import { errors as words } from "../words.ts";
import { adviceFor } from "./advice.ts";

export default function ErrorsTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const { tables, state, edit } = control;
  const wanted = state.error.trim().toLowerCase();
  // A code that somebody came for is shown even when another action raises it.
  const all = errorsOf(tables, state.action);
  const listed = all.some((row) => row.code === state.error)
    ? all
    : [...tables.errors.filter((row) => row.code === state.error), ...all];
  const own = new Set(state.action.errors);
  const hits = listed.filter(
    (row) => wanted === "" || `${row.code} ${row.message.zh} ${row.message.en}`.toLowerCase().includes(wanted),
  );
  const isRaised = (row: ErrorRow): boolean => adviceFor(row.code, row.source) !== undefined;
  const groups = [
    { title: words.own, rows: hits.filter((row) => own.has(row.code) && isRaised(row)) },
    { title: words.common, rows: hits.filter((row) => !own.has(row.code) && isRaised(row)) },
    { title: words.listed, rows: hits.filter((row) => !isRaised(row)) },
  ].filter((group) => group.rows.length > 0);
  return (
    <div class="tab-stack">
      <input
        type="search"
        value={state.error}
        placeholder={t(words.filter)}
        aria-label={t(words.filter)}
        onInput={(event) => edit({ error: event.currentTarget.value })}
      />
      {groups.length === 0 && <p class="quiet-text">{t(words.none)}</p>}
      {groups.map(({ title, rows }) => (
        <section key={title.en}>
          <h3>{t(title)}</h3>
          <ul class="errors">
            {rows.map((row) => (
              <Row key={row.code} row={row} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Row({ row }: { readonly row: ErrorRow }): JSX.Element {
  const t = useText();
  const todo = adviceFor(row.code, row.source);
  return (
    <li>
      <p class="mono error-code">{row.code}</p>
      <p>
        <Rich text={t(row.message)} />
      </p>
      {todo !== undefined && (
        <p class="quiet-text">
          <Rich text={t(todo)} />
        </p>
      )}
    </li>
  );
}
