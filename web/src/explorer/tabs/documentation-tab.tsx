// The action's page, from the same table that the server checks requests with.

import type { JSX } from "preact";

import { useText } from "../../shared/i18n.ts";
import { Rich } from "../../shared/rich.tsx";
import { CodeView } from "../code/view.tsx";
import type { Control } from "../state.ts";
import type { Field, Param, Shape } from "../tables.ts";
import { documentation as words } from "../words.ts";

export default function DocumentationTab({ control }: { readonly control: Control }): JSX.Element {
  const t = useText();
  const { action } = control.state;
  return (
    <div class="tab-stack">
      <p>
        <Rich text={t(action.doc)} />
      </p>
      <h3>{t(words.input)}</h3>
      <table class="table params">
        <thead>
          <tr>
            <th scope="col">{t(words.name)}</th>
            <th scope="col">{t(words.required)}</th>
            <th scope="col">{t(words.type)}</th>
            <th scope="col">{t(words.meaning)}</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(action.params, "").map(([path, param]) => (
            <ParamRow key={path} path={path} param={param} />
          ))}
        </tbody>
      </table>
      <h3>{t(words.output)}</h3>
      <table class="table params">
        <thead>
          <tr>
            <th scope="col">{t(words.name)}</th>
            <th scope="col">{t(words.type)}</th>
            <th scope="col">{t(words.meaning)}</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(action.response, "").map(([path, field]) => (
            <FieldRow key={path} path={path} field={field} />
          ))}
          <tr>
            <td class="mono">RequestId</td>
            <td>string</td>
            <td>{t(words.request_id)}</td>
          </tr>
        </tbody>
      </table>
      <CodeView
        text={JSON.stringify(action.sample_request, null, 2)}
        keywords="true false null"
        label={t(words.sample_request)}
        title={t(words.sample_request)}
      />
      <CodeView
        text={JSON.stringify(action.sample_response, null, 2)}
        keywords="true false null"
        label={t(words.sample_response)}
        title={t(words.sample_response)}
      />
      <h3>{t(words.sources)}</h3>
      <ul class="plain-list">
        {action.sources.map((source) => (
          <li key={source}>
            <a href={source} rel="noreferrer noopener" target="_blank">
              {source}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Every row of a table with its members below it, by dotted path; `[]` marks a list. */
function rowsOf<Row extends Shape<Row> & { readonly name: string }>(
  rows: readonly Row[],
  prefix: string,
): (readonly [string, Row])[] {
  return rows.flatMap((row) => {
    const path = prefix + row.name;
    const inner = row.members ?? row.item?.members ?? [];
    const below = row.type === "array" ? `${path}[].` : `${path}.`;
    return [[path, row] as const, ...rowsOf(inner, below)];
  });
}

function typeOf(shape: Shape<unknown>): string {
  if (shape.type === "array") return `${shape.item === undefined ? "" : typeOf(shape.item)}[]`;
  return shape.struct ?? shape.type;
}

function ParamRow({ path, param }: { readonly path: string; readonly param: Param }): JSX.Element {
  const t = useText();
  const allowed = param.one_of ?? [];
  return (
    <tr>
      <td class="mono">{path}</td>
      <td>{t(param.required ? words.yes : words.no)}</td>
      <td>{typeOf(param)}</td>
      <td>
        <Rich text={t(param.doc)} />
        {allowed.length > 0 && <div class="quiet-text">{t(words.values, { values: allowed.join(" / ") })}</div>}
        {param.default !== undefined && <div class="quiet-text">{t(words.default_is, { value: param.default })}</div>}
        {param.max_bytes !== undefined && <div class="quiet-text">{t(words.max_bytes, { n: param.max_bytes })}</div>}
        {param.source === "ours" && <div class="quiet-text">{t(words.ours)}</div>}
      </td>
    </tr>
  );
}

function FieldRow({ path, field }: { readonly path: string; readonly field: Field }): JSX.Element {
  const t = useText();
  return (
    <tr>
      <td class="mono">{path}</td>
      <td>{typeOf(field)}</td>
      <td>
        <Rich text={t(field.doc)} />
        {field.nullable && <div class="quiet-text">{t(words.can_be_null)}</div>}
      </td>
    </tr>
  );
}
