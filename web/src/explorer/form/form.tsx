// The form of an action, from the server's table: a row a parameter, with its values, limits and what is wrong.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { explain } from "../../shared/api.ts";
import { useText } from "../../shared/i18n.ts";
import { Rich } from "../../shared/rich.tsx";
import { session } from "../../shared/session.ts";
import { useStore } from "../../shared/store.ts";
import { credentials, isComplete } from "../credentials.ts";
import type { Control } from "../state.ts";
import type { Param, Shape } from "../tables.ts";
import type { Problem } from "./check.ts";
import { fromLatestRun, suggestions, windowOf, type Preset } from "./my-data.ts";
import { entries, fromJson, withoutEntry, type Values } from "./values.ts";
import { form as words } from "./words.ts";
import "./form.css";

interface Props {
  readonly control: Control;
  readonly problems: readonly Problem[];
}

/** What every row needs. */
interface Context {
  readonly values: Values;
  readonly problems: readonly Problem[];
  readonly requiredOnly: boolean;
  readonly set: (path: string, value: string) => void;
  readonly replace: (values: Values) => void;
}

const PRESETS: readonly Preset[] = ["today", "yesterday", "hour", "day"];

export function Form({ control, problems }: Props): JSX.Element {
  const t = useText();
  const { tables, state, edit } = control;
  const { action, values, requiredOnly } = state;
  const replace = (next: Values): void => edit({ values: next });
  const set = (path: string, value: string): void => replace({ ...values, [path]: value });
  const context: Context = { values, problems, requiredOnly, set, replace };
  const shown = action.params.filter((param) => !requiredOnly || param.required);
  const hasWindow = shown.some((param) => param.name === "StartTime");
  return (
    <form class="form" aria-label={t(words.title)} onSubmit={(event) => event.preventDefault()}>
      <div class="form-head">
        <h2>{t(words.title)}</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={requiredOnly}
            onChange={(event) => edit({ requiredOnly: event.currentTarget.checked })}
          />
          {t(words.required_only)}
        </label>
      </div>
      <Tools control={control} />
      <label class="field" for="region">
        <span class="field-head">
          <span class="field-name">{t(words.region)}</span>
        </span>
        <input
          id="region"
          value={state.region}
          list="regions"
          spellcheck={false}
          onInput={(event) => edit({ region: event.currentTarget.value })}
        />
        <datalist id="regions">
          {tables.regions.map((region) => (
            <option key={region} value={region} />
          ))}
        </datalist>
      </label>
      {shown.length === 0 && <p class="quiet-text">{t(requiredOnly ? words.none_required : words.no_params)}</p>}
      {shown.map((param) => (
        <div key={param.name}>
          {hasWindow && param.name === "StartTime" && <Presets zone={tables.zone} context={context} />}
          <Row param={param} path={param.name} context={context} />
        </div>
      ))}
      <Suggested />
    </form>
  );
}

function Tools({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const [message, setMessage] = useState("");
  const [isBusy, setBusy] = useState(false);
  const key = useStore(credentials);
  const signedIn = useStore(session);
  const { tables, state, edit } = control;
  const fill = async (): Promise<void> => {
    if (!isComplete(key) && !signedIn) return setMessage(t(words.need_key));
    setBusy(true);
    try {
      const values = await fromLatestRun(state.action, state.region, tables.zone, Date.now());
      if (values === undefined) setMessage(t(words.no_data));
      else {
        setMessage("");
        edit({ values: { ...state.values, ...values } });
      }
    } catch (error) {
      setMessage(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="form-tools">
      <button
        type="button"
        class="button small"
        title={t(words.fill_what)}
        disabled={isBusy}
        onClick={() => void fill()}
      >
        {t(words.fill)}
      </button>
      <button
        type="button"
        class="button small"
        onClick={() => edit({ values: fromJson(state.action.sample_request) })}
      >
        {t(words.sample)}
      </button>
      <button type="button" class="button small quiet" onClick={() => edit({ values: {} })}>
        {t(words.clear)}
      </button>
      <p class="form-message" role="status">
        {message}
      </p>
    </div>
  );
}

function Presets({ zone, context }: { readonly zone: string; readonly context: Context }): JSX.Element {
  const t = useText();
  return (
    <div class="presets" role="group" aria-label={t(words.window)}>
      <span class="quiet-text">{t(words.window)}</span>
      {PRESETS.map((preset) => (
        <button
          key={preset}
          type="button"
          class="chip"
          onClick={() => context.replace({ ...context.values, ...windowOf(preset, zone, Date.now()) })}
        >
          {t(words[preset])}
        </button>
      ))}
    </div>
  );
}

function Suggested(): JSX.Element {
  const known = useStore(suggestions);
  return (
    <>
      {Object.entries(known).map(([name, texts]) => (
        <datalist key={name} id={`my-${name}`}>
          {texts.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      ))}
    </>
  );
}

interface RowProps {
  readonly param: Param;
  readonly path: string;
  readonly context: Context;
}

function Row({ param, path, context }: RowProps): JSX.Element {
  const t = useText();
  const { item } = param;
  if (param.type === "object") {
    return (
      <fieldset class="group" id={`field-${path}`} tabIndex={-1}>
        <Legend param={param} />
        <p class="field-doc">
          <Rich text={t(param.doc)} />
        </p>
        <Members members={param.members ?? []} path={path} context={context} />
      </fieldset>
    );
  }
  if (param.type === "array" && item !== undefined)
    return <List param={param} item={item} path={path} context={context} />;
  return <Plain param={param} path={path} context={context} />;
}

function Members({
  members,
  path,
  context,
}: {
  readonly members: readonly Param[];
  readonly path: string;
  readonly context: Context;
}): JSX.Element {
  return (
    <>
      {members.map((member) => (
        <Row key={member.name} param={member} path={`${path}.${member.name}`} context={context} />
      ))}
    </>
  );
}

function Legend({ param }: { readonly param: Param }): JSX.Element {
  const t = useText();
  return (
    <legend class="field-head">
      <span class="field-name mono">{param.name}</span>
      <span class="field-type">
        {param.type === "array" ? `${param.item?.struct ?? param.item?.type ?? ""}[]` : (param.struct ?? param.type)}
      </span>
      {param.required && <span class="field-required">{t(words.required)}</span>}
    </legend>
  );
}

function List({ param, item, path, context }: RowProps & { readonly item: Shape<Param> }): JSX.Element {
  const t = useText();
  const count = entries(path, context.values);
  const add = (): void =>
    context.set(
      item.type === "object" ? `${path}.${count}.${item.members?.[0]?.name ?? ""}` : `${path}.${count}`,
      item.members?.[0]?.example ?? "",
    );
  return (
    <fieldset class="group" id={`field-${path}`} tabIndex={-1}>
      <Legend param={param} />
      <p class="field-doc">
        <Rich text={t(param.doc)} />
      </p>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} class="entry" role="group" aria-label={t(words.entry, { n: index + 1 })}>
          <div class="entry-head">
            <span class="quiet-text">{t(words.entry, { n: index + 1 })}</span>
            <button
              type="button"
              class="button small quiet"
              onClick={() => context.replace(withoutEntry(path, index, context.values))}
            >
              {t(words.remove, { n: index + 1 })}
            </button>
          </div>
          {item.type === "object" ? (
            <Members members={item.members ?? []} path={`${path}.${index}`} context={context} />
          ) : (
            <Plain
              param={{ ...param, ...item, name: String(index), doc: { zh: "", en: "" } }}
              path={`${path}.${index}`}
              context={context}
            />
          )}
        </div>
      ))}
      <button type="button" class="button small" onClick={add}>
        {t(words.add)}
      </button>
    </fieldset>
  );
}

function Plain({ param, path, context }: RowProps): JSX.Element {
  const t = useText();
  const value = context.values[path] ?? "";
  const wrong = context.problems.filter((problem) => problem.path === path);
  // An empty required field is told when somebody sends; until then it is only marked.
  const told = wrong.filter((problem) => problem.code !== "MissingParameter");
  const example = param.example ?? "";
  return (
    <div class="field" id={`field-${path}`}>
      <label class="field-head" for={`input-${path}`}>
        <span class="field-name mono">{param.name}</span>
        <span class="field-type">{param.type}</span>
        {param.required && <span class="field-required">{t(words.required)}</span>}
        {param.default !== undefined && <span class="field-note">{t(words.default_is, { value: param.default })}</span>}
      </label>
      <input
        id={`input-${path}`}
        value={value}
        list={`my-${param.name}`}
        placeholder={example === "" || example === param.default ? "" : t(words.example, { value: example })}
        inputMode={param.type === "integer" || param.type === "unsigned" ? "numeric" : "text"}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={told.length > 0}
        aria-required={param.required}
        aria-describedby={`doc-${path}`}
        onInput={(event) => context.set(path, event.currentTarget.value)}
      />
      {(param.one_of ?? []).length > 0 && (
        <div class="chips" role="group" aria-label={param.name}>
          {(param.one_of ?? []).map((allowed) => (
            <button
              key={allowed}
              type="button"
              class="chip"
              aria-pressed={allowed === value}
              onClick={() => context.set(path, allowed === value ? "" : allowed)}
            >
              {allowed}
            </button>
          ))}
        </div>
      )}
      <div id={`doc-${path}`}>
        {told.map((problem) => (
          <p key={problem.code} class="field-problem">
            {t(problem.text, problem.values)} <span class="mono">{problem.code}</span>
          </p>
        ))}
        <p class="field-doc">
          <Rich text={t(param.doc)} />
        </p>
      </div>
    </div>
  );
}
