// Numbers of runs by value, from the same answer as the rows. A click filters, a second one takes the filter back.

import type { JSX } from "preact";

import { languageTag, useText, type Text } from "../../../shared/i18n.ts";
import type { Facet, FacetValue } from "../../data/api.ts";
import { Glyph } from "../../glyph.tsx";
import type { Filter, FilterName } from "../../query/filter.ts";
import { common } from "../../words.ts";
import { runsWords as w } from "./words.ts";
import { Safe } from "../../safe.tsx";

interface Props {
  readonly facets: readonly Facet[];
  readonly total: number;
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

const TITLES: Readonly<Record<string, Text>> = {
  state: w.state,
  function: common.function,
  namespace: common.namespace,
  qualifier: common.version,
  ret_code: common.code,
};

const ORDER = ["state", "function", "ret_code", "qualifier", "namespace"];

/** The facets that are asked for. */
export const FACETS_ASKED = "state,function,ret_code,qualifier,namespace";

const STATES = ["ok", "failed", "running"] as const;

export function Facets({ facets, total, filter, onChange }: Props): JSX.Element {
  const t = useText();
  const number = (value: number): string => value.toLocaleString(languageTag());
  const shown = ORDER.map((by) => facets.find((facet) => facet.by === by)).filter((facet) => facet !== undefined);
  return (
    <aside class="facets" aria-label={t(w.filters)}>
      {shown.map((facet) => {
        const values = facet.by === "state" ? everyState(facet.values) : facet.values;
        // One value that is all there is says nothing.
        if (
          facet.by !== "state" &&
          values.length < 2 &&
          facet.rest_values === 0 &&
          chosen(filter, facet.by) === undefined
        )
          return null;
        return (
          <section key={facet.by}>
            <h3>{t(TITLES[facet.by] ?? common.message)}</h3>
            <ul>
              {values.map((value) => {
                const name = nameOf(value, facet.by);
                const isOn = isChosen(filter, facet.by, value);
                return (
                  <li key={`${value.namespace ?? ""}/${name}`}>
                    <button
                      type="button"
                      class={`facet ${value.runs === 0 ? "is-zero" : ""}`}
                      aria-pressed={isOn}
                      title={t(w.filter_hint_click)}
                      onClick={() => onChange(toggled(filter, facet.by, value))}
                    >
                      <span class="facet-bar" style={{ width: `${total === 0 ? 0 : (value.runs / total) * 100}%` }} />
                      <span class="facet-name">
                        {facet.by === "state" ? (
                          <Glyph mark={name as (typeof STATES)[number]} isNamed />
                        ) : (
                          <Safe text={name} />
                        )}
                      </span>
                      <span class="num quiet-text">{number(value.runs)}</span>
                    </button>
                  </li>
                );
              })}
            </ul>
            {facet.rest_values > 0 && (
              <p class="quiet-text facet-rest">
                {t(w.more_values, { values: number(facet.rest_values), runs: number(facet.rest_runs) })}
              </p>
            )}
          </section>
        );
      })}
    </aside>
  );
}

function everyState(values: readonly FacetValue[]): FacetValue[] {
  return STATES.map((state) => values.find((value) => value.state === state) ?? { state, runs: 0 });
}

function nameOf(value: FacetValue, by: string): string {
  if (by === "state") return value.state ?? "";
  if (by === "ret_code") return String(value.ret_code ?? "");
  if (by === "function") return value.function ?? "";
  return (by === "qualifier" ? value.qualifier : value.namespace) ?? "";
}

const FILTER_OF: Readonly<Record<string, FilterName>> = {
  state: "result",
  ret_code: "result",
  function: "function",
  qualifier: "qualifier",
  namespace: "namespace",
};

function chosen(filter: Filter, by: string): string | undefined {
  return filter[FILTER_OF[by] ?? "function"];
}

function isChosen(filter: Filter, by: string, value: FacetValue): boolean {
  if (by === "ret_code") return filter.result?.split(",").includes(String(value.ret_code)) === true;
  if (by === "function")
    return (
      filter.function === value.function && (filter.namespace === undefined || filter.namespace === value.namespace)
    );
  return chosen(filter, by) === nameOf(value, by);
}

/** The filter after a click on a value. Codes add up; of anything else there is one. */
export function toggled(filter: Filter, by: string, value: FacetValue): Filter {
  const isOn = isChosen(filter, by, value);
  const name = nameOf(value, by);
  if (by === "function")
    return { ...filter, function: isOn ? undefined : name, namespace: isOn ? undefined : value.namespace };
  if (by !== "ret_code") return { ...filter, [FILTER_OF[by] as FilterName]: isOn ? undefined : name };
  const codes = (filter.result ?? "").split(",").filter((code) => /^-?\d+$/.test(code));
  const next = isOn ? codes.filter((code) => code !== name) : [...codes, name];
  return { ...filter, result: next.length === 0 ? undefined : next.join(",") };
}
