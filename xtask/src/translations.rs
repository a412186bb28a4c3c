//! Pages that exist in English and in Chinese. A check of [`crate::tidy`] compares the two: what a reader may copy or
//! look up is the same in both, and only the prose differs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Texts by their paths in the repository.
pub(crate) type Pages = BTreeMap<PathBuf, String>;

/// Whether a file is one of the pages: those of users, in either language.
pub(crate) fn is_page(file: &Path) -> bool {
    let is_readme = file == Path::new("README.md") || file == Path::new("README.zh-CN.md");
    let folder = file.parent();
    let is_of_users = folder == Some(Path::new("docs")) || folder == Some(Path::new("docs/zh"));
    is_readme || (is_of_users && file.extension().is_some_and(|extension| extension == "md"))
}

/// What is wrong with the pages, one line each. `exists` says whether the repository has a file or folder.
pub(crate) fn problems(pages: &Pages, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    for (file, text) in pages {
        let mut problem = |what: String| problems.push(format!("{}: {what}", file.display()));
        let other = translation(file);
        match pages.get(&other) {
            None => problem(format!("there is no {}", other.display())),
            Some(english) if is_chinese(file) => differences(english, text).into_iter().for_each(&mut problem),
            Some(_) => {}
        }
        broken_links(file, pages, &exists).into_iter().for_each(&mut problem);
        if is_chinese(file) {
            half_width(text).into_iter().for_each(&mut problem);
        }
    }
    problems
}

fn is_chinese(file: &Path) -> bool {
    file.starts_with("docs/zh") || file == Path::new("README.zh-CN.md")
}

/// The same page in the other language.
fn translation(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default();
    match (file.starts_with("docs"), is_chinese(file)) {
        (true, true) => Path::new("docs").join(name),
        (true, false) => Path::new("docs/zh").join(name),
        (false, true) => PathBuf::from("README.md"),
        (false, false) => PathBuf::from("README.zh-CN.md"),
    }
}

/// The parts of a page that have no language.
#[derive(Default)]
struct Parts {
    levels: Vec<usize>,
    /// The info string of each code block, and its lines without comments.
    blocks: Vec<(String, Vec<String>)>,
    rows: usize,
    /// Everything outside of code blocks.
    prose: String,
}

impl Parts {
    fn read(text: &str) -> Self {
        let mut parts = Self::default();
        let mut is_block = false;
        for line in text.lines() {
            if let Some(info) = line.trim_start().strip_prefix("```") {
                is_block = !is_block;
                if is_block {
                    parts.blocks.push((info.to_owned(), Vec::new()));
                }
                continue;
            }
            if let (true, Some((info, lines))) = (is_block, parts.blocks.last_mut()) {
                lines.extend(code_of(line, info));
                continue;
            }
            let level = line.len() - line.trim_start_matches('#').len();
            if level > 0 {
                parts.levels.push(level);
            }
            parts.rows += usize::from(line.starts_with('|'));
            parts.prose.push_str(line);
            parts.prose.push('\n');
        }
        parts
    }

    /// Each text in back-quotes. One may be broken over two lines.
    fn code(&self) -> BTreeSet<String> {
        let paragraphs = self.prose.split("\n\n");
        let quoted = paragraphs.flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2));
        quoted.map(|code| code.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// The target of each link.
    fn links(&self) -> impl Iterator<Item = &str> {
        self.prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
    }

    /// The files that are linked to, by names that are the same in both languages.
    fn linked(&self) -> BTreeSet<String> {
        let file = |link: &str| link.split('#').next().unwrap_or_default().trim_start_matches("../").to_owned();
        let files = self.links().map(|link| file(link).replace("docs/zh/", "docs/").replace(".zh-CN.md", ".md"));
        files.filter(|file| !file.is_empty()).collect()
    }
}

/// A line of a code block without its comment; nothing if it has only that.
fn code_of(line: &str, info: &str) -> Option<String> {
    let mark = match info {
        "sh" | "toml" | "yaml" | "python" => "# ",
        "sql" => "-- ",
        _ => return Some(line.to_owned()),
    };
    let is_comment = |(at, _): &(usize, &str)| line[..*at].is_empty() || line[..*at].ends_with(' ');
    let end = line.match_indices(mark).find(is_comment).map_or(line.len(), |(at, _)| at);
    let code = line[..end].trim_end();
    (!code.is_empty()).then(|| code.to_owned())
}

fn differences(english: &str, chinese: &str) -> Vec<String> {
    let (english, chinese) = (Parts::read(english), Parts::read(chinese));
    let mut problems = Vec::new();
    if english.levels != chinese.levels {
        problems.push(format!("headings of the levels {:?}, in English {:?}", chinese.levels, english.levels));
    }
    if english.rows != chinese.rows {
        problems.push(format!("{} rows of tables, in English {}", chinese.rows, english.rows));
    }
    if english.blocks.len() != chinese.blocks.len() {
        problems.push(format!("{} code blocks, in English {}", chinese.blocks.len(), english.blocks.len()));
    }
    for (number, (ours, theirs)) in (1..).zip(chinese.blocks.iter().zip(&english.blocks)) {
        if ours != theirs {
            problems.push(format!("code block {number} differs from the English one, comments aside"));
        }
    }
    let sets = [("code", english.code(), chinese.code()), ("link", english.linked(), chinese.linked())];
    for (kind, english, chinese) in sets {
        problems.extend(english.difference(&chinese).map(|one| format!("no {kind} `{one}`, unlike the English page")));
        problems.extend(chinese.difference(&english).map(|one| format!("a {kind} `{one}`, unlike the English page")));
    }
    problems
}

/// Links to files that do not exist, and to headings that a page does not have.
fn broken_links(file: &Path, pages: &Pages, exists: &impl Fn(&Path) -> bool) -> Vec<String> {
    let parts = Parts::read(&pages[file]);
    let is_broken = |link: &&str| {
        let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if target.is_empty() { file.to_owned() } else { resolved(file, target) };
        let has = |page: &String| page.lines().any(|line| line.starts_with('#') && anchor_of(line) == anchor);
        !exists(&target) || (!anchor.is_empty() && pages.get(&target).is_some_and(|page| !has(page)))
    };
    let ours = parts.links().filter(|link| !link.contains("://"));
    ours.filter(is_broken).map(|link| format!("the link `{link}` leads nowhere")).collect()
}

/// The path of a link, from the root of the repository.
fn resolved(file: &Path, link: &str) -> PathBuf {
    let mut path = file.parent().unwrap_or(Path::new("")).to_owned();
    for part in link.split('/') {
        if part == ".." {
            path.pop();
        } else {
            path.push(part);
        }
    }
    path
}

/// The anchor of a heading, as GitHub and the docs page of the program make it.
fn anchor_of(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|&one| one.is_alphanumeric() || one == ' ' || one == '-' || one == '_');
    kept.map(|one| if one == ' ' { '-' } else { one }).collect()
}

/// Marks of Latin text directly after a Chinese character. Comments in code blocks are prose too.
fn half_width(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let pairs = line.chars().zip(line.chars().skip(1));
        let is_wrong = |&(before, mark): &(char, char)| {
            ('\u{4e00}'..='\u{9fff}').contains(&before) && matches!(mark, ',' | ':' | ';' | '?')
        };
        problems.extend(pairs.filter(is_wrong).map(|(_, mark)| format!("line {number}: `{mark}` of half width")));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "# Runs\n\nSee `a b`, [the end](#the-end) and [code](../crates).\n\n| `x` |\n| --- |\n\n\
        ```sh\nrun --it 'a#b'   # as always\n# twice\nrun\n```\n\n## The end\n";
    const CHINESE: &str = "# 运行\n\n见[结尾](#结尾)、`a b` 和[代码](../../crates)。\n\n| `x` |\n| --- |\n\n\
        ```sh\nrun --it 'a#b'   # 照常：\n# 两次\nrun\n```\n\n## 结尾\n";

    fn found(pages: &[(&str, &str)]) -> Vec<String> {
        let pages: Pages = pages.iter().map(|(file, text)| (PathBuf::from(file), (*text).to_owned())).collect();
        problems(&pages, |file| pages.contains_key(file) || file == Path::new("crates"))
    }

    fn found_in_chinese(chinese: &str) -> Vec<String> {
        let found = found(&[("docs/a.md", ENGLISH), ("docs/zh/a.md", chinese)]);
        found.iter().map(|problem| problem.strip_prefix("docs/zh/a.md: ").unwrap().to_owned()).collect()
    }

    #[test]
    fn a_faithful_translation_has_no_problems() {
        assert!(found_in_chinese(CHINESE).is_empty(), "{:?}", found_in_chinese(CHINESE));
        let readme = "[English](README.md) [中文](README.zh-CN.md) [a](docs/a.md)\n";
        let pages = [("README.md", readme), ("README.zh-CN.md", &readme.replace("docs/a", "docs/zh/a"))];
        let docs = [("docs/a.md", ENGLISH), ("docs/zh/a.md", CHINESE)];
        assert_eq!(found(&[pages, docs].concat()), [""; 0]);
    }

    #[test]
    fn both_languages_have_the_same_pages() {
        let found = found(&[("README.md", ""), ("docs/a.md", ""), ("docs/zh/b.md", "")]);
        assert_eq!(
            found,
            [
                "README.md: there is no README.zh-CN.md",
                "docs/a.md: there is no docs/zh/a.md",
                "docs/zh/b.md: there is no docs/b.md"
            ]
        );
    }

    #[test]
    fn headings_rows_code_and_links_are_the_same() {
        let found = |from: &str, to: &str| {
            assert!(CHINESE.contains(from), "{from}");
            found_in_chinese(&CHINESE.replace(from, to))
        };
        assert_eq!(found("## 结尾", "### 结尾"), ["headings of the levels [1, 3], in English [1, 2]"]);
        assert_eq!(found("| --- |\n", ""), ["1 rows of tables, in English 2"]);
        assert_eq!(found("```sh", "```"), ["code block 1 differs from the English one, comments aside"]);
        assert_eq!(found("'a#b'", "'a#c'"), ["code block 1 differs from the English one, comments aside"]);
        assert_eq!(
            found("`x`", "`y`"),
            ["no code `x`, unlike the English page", "a code `y`, unlike the English page"]
        );
        assert_eq!(found("和[代码](../../crates)", ""), ["no link `crates`, unlike the English page"]);
        let extra = "## 结尾\n\n```sh\nrun\n```\n";
        assert_eq!(found("## 结尾\n", extra), ["2 code blocks, in English 1"]);
    }

    #[test]
    fn links_lead_somewhere() {
        let found = |from: &str, to: &str| found_in_chinese(&CHINESE.replace(from, to));
        assert_eq!(found("../../crates", "../crates"), ["the link `../crates` leads nowhere"]);
        assert_eq!(found("#结尾", "#the-end"), ["the link `#the-end` leads nowhere"]);
    }

    #[test]
    fn chinese_text_has_marks_of_full_width() {
        for mark in [',', ':', ';', '?'] {
            let found = found_in_chinese(&CHINESE.replace("照常：", &format!("照常{mark}")));
            assert_eq!(found, [format!("line 9: `{mark}` of half width")]);
        }
    }

    #[test]
    fn pages_of_users_are_checked() {
        for page in ["README.md", "README.zh-CN.md", "docs/run.md", "docs/zh/run.md"] {
            assert!(is_page(Path::new(page)), "{page}");
        }
        for other in ["docs/internals/fuzzing.md", "bench/README.md", "docs/image.svg"] {
            assert!(!is_page(Path::new(other)), "{other}");
        }
    }
}
