// The documentation of this version, readable without a network.

import type { ComponentChild, JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { CopyButton } from "../shared/copy-button.tsx";
import { explain } from "../shared/api.ts";
import { language, useText } from "../shared/i18n.ts";
import { useLoaded } from "../shared/loading.ts";
import { followLink, go, place } from "../shared/location.ts";
import { setTitle, start } from "../shared/page.tsx";
import { useStore } from "../shared/store.ts";
import { TopBar } from "../shared/top-bar.tsx";
import { shared } from "../shared/words.ts";
import { parse, plainText, type Block, type Inline } from "./markdown.ts";
import { loadPage, pageNames } from "./pages.ts";
import { docs as words, titleOf } from "./words.ts";
import "./docs.css";

function Docs(): JSX.Element {
  const t = useText();
  const here = useStore(place);
  const chosen = useStore(language);
  const names = pageNames();
  const name = /^\/docs\/([\w-]+)(?:\.md)?\/?$/.exec(here.path)?.[1] ?? names[0] ?? "";
  const { data, error } = useLoaded(`${chosen} ${name}`, () => loadPage(name, chosen));
  const blocks = useMemo(() => (data === undefined ? [] : parse(data.text)), [data]);
  useEffect(() => setTitle(t(titleOf(name))), [name, chosen]);
  useEffect(() => {
    if (blocks.length === 0) return;
    const target = here.hash === "" ? null : document.getElementById(decodeURIComponent(here.hash));
    if (target === null) window.scrollTo(0, 0);
    else target.scrollIntoView();
  }, [blocks, here.hash]);
  const sections = blocks.flatMap((block, index) =>
    block.kind === "heading" && block.level <= 2 && index > 0 ? [block] : [],
  );
  return (
    <>
      <TopBar page="docs" />
      <div class="docs">
        <nav class="docs-list" aria-label={t(words.title)}>
          <label class="docs-select">
            <span class="visually-hidden">{t(words.title)}</span>
            <select value={name} onChange={(event) => go(`/docs/${event.currentTarget.value}`)}>
              {names.map((one) => (
                <option key={one} value={one}>
                  {t(titleOf(one))}
                </option>
              ))}
            </select>
          </label>
          <ul>
            {names.map((one) => (
              <li key={one}>
                <a href={`/docs/${one}`} aria-current={one === name ? "page" : undefined} onClick={followLink}>
                  {t(titleOf(one))}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <main id="main" class="docs-page">
          {error !== undefined && <p class="note failed">{explain(error)}</p>}
          {blocks.length === 0 && error === undefined && (
            <p class="quiet-text">{data === undefined ? t(shared.loading) : ""}</p>
          )}
          {data !== undefined && !data.isTranslated && <p class="note">{t(words.english)}</p>}
          <article lang={data?.isTranslated === false ? "en" : undefined}>
            {blocks.map((block, index) => (
              <BlockView key={index} block={block} />
            ))}
          </article>
        </main>
        <nav class="docs-sections" aria-label={t(words.on_this_page)}>
          {sections.length > 1 && (
            <>
              <h2>{t(words.on_this_page)}</h2>
              <ul>
                {sections.map((block) => (
                  <li key={block.id} class={block.level === 1 ? "docs-part" : undefined}>
                    <a href={`#${block.id}`}>{plainText(block.text)}</a>
                  </li>
                ))}
              </ul>
            </>
          )}
        </nav>
      </div>
    </>
  );
}

function BlockView({ block }: { readonly block: Block }): JSX.Element {
  switch (block.kind) {
    case "heading": {
      const Tag = `h${block.level}` as "h1" | "h2" | "h3" | "h4";
      return <Tag id={block.id}>{inlines(block.text)}</Tag>;
    }
    case "code":
      return (
        <div class="docs-code">
          <pre tabIndex={0}>
            <code>{block.text}</code>
          </pre>
          <CopyButton text={block.text} />
        </div>
      );
    case "list": {
      const Tag = block.isOrdered ? "ol" : "ul";
      return (
        <Tag>
          {block.items.map((item, index) => (
            <li key={index}>{inlines(item)}</li>
          ))}
        </Tag>
      );
    }
    case "table":
      return (
        <div class="docs-table" tabIndex={0} role="group">
          <table class="table">
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index} scope="col">
                    {inlines(cell)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>{inlines(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case "quote":
      return <blockquote>{inlines(block.text)}</blockquote>;
    default:
      return <p>{inlines(block.text)}</p>;
  }
}

function inlines(parts: readonly Inline[]): ComponentChild[] {
  return parts.map((part, index) => {
    switch (part.kind) {
      case "code":
        return <code key={index}>{part.text}</code>;
      case "strong":
        return <strong key={index}>{part.text}</strong>;
      case "em":
        return <em key={index}>{part.text}</em>;
      case "link":
        return <Link key={index} text={part.text} href={part.href} />;
      default:
        return part.text;
    }
  });
}

/** A link to another page of the docs stays here; one to the web opens a tab; one to a file of the repository is only its text. */
function Link({ text, href }: { readonly text: readonly Inline[]; readonly href: string }): JSX.Element {
  const t = useText();
  if (/^https?:\/\//.test(href)) {
    return (
      <a href={href} rel="noreferrer noopener" target="_blank">
        {inlines(text)}
      </a>
    );
  }
  if (href.startsWith("#")) return <a href={href}>{inlines(text)}</a>;
  const page = /^([\w-]+)\.md(#.*)?$/.exec(href);
  if (page === null || !pageNames().includes(page[1] ?? "")) return <>{inlines(text)}</>;
  // A file's name says little to somebody who has no repository.
  const isFileName = /^[\w-]+\.md$/.test(plainText(text));
  return (
    <a href={`/docs/${page[1]}${page[2] ?? ""}`} onClick={followLink}>
      {isFileName ? t(titleOf(page[1] ?? "")) : inlines(text)}
    </a>
  );
}

start(<Docs />);
