//! Words that make prose read as translated. A check of [`crate::tidy`] finds them on pages, in comments and in texts
//! of the program.
//!
//! Each line is checked by itself, so a phrase that is broken over two lines is not found.

use std::path::Path;

/// Each word, with a plainer one.
const WORDS: [(&str, &str); 12] = [
    ("stands", "is"),
    ("lies", "is"),
    ("behind", "after"),
    ("whoever", "the caller, the reader"),
    ("so many", "`n`, a number"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("of what", "name the thing"),
    ("that which", "name the thing"),
    ("on wish", "optionally"),
    ("in need", "in an emergency"),
];

/// Uses of these words that a native writer would choose too.
const RIGHT: [&str; 9] = [
    "stands for",
    "stands out",
    "fall behind",
    "falls behind",
    "fell behind",
    "falling behind",
    "far behind",
    "ms behind",
    "leave behind",
];

/// Where the words may not occur: folders and files whose prose was revised.
const REVISED: [&str; 12] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "bench",
    "compat",
    "contract",
    "crates",
    "docs",
    "fuzz",
    "xtask",
];

/// Whether a file is checked. This one names the words, so it is not.
pub(crate) fn is_revised(file: &Path) -> bool {
    let is_read = file.extension().is_some_and(|extension| extension == "md" || extension == "rs");
    is_read && !file.ends_with(file!()) && REVISED.iter().any(|revised| file.starts_with(revised))
}

/// The words found in a file, one line each. A page is checked as a whole, except for its examples; a Rust file is
/// checked in its comments and quoted texts.
pub(crate) fn problems(file: &Path, text: &str) -> Vec<String> {
    let is_rust = file.extension().is_some_and(|extension| extension == "rs");
    let mut is_example = false;
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if !is_rust && line.trim_start().starts_with("```") {
            is_example = !is_example;
        }
        if is_example {
            continue;
        }
        let prose = if is_rust { prose_of(line) } else { line.to_owned() };
        for (word, plain) in WORDS {
            if has_word(&prose, word) {
                problems.push(format!("{}:{number}: `{word}`; write: {plain}", file.display()));
            }
        }
    }
    problems
}

/// The comment of a line of Rust, or else what is between its quotes.
fn prose_of(line: &str) -> String {
    match line.trim_start().strip_prefix("//") {
        Some(comment) => comment.to_owned(),
        None => line.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" "),
    }
}

/// Whether a word occurs, whole and in a use that is not right.
fn has_word(text: &str, word: &str) -> bool {
    let mut text = text.to_lowercase();
    for right in RIGHT {
        text = text.replace(right, "");
    }
    text.match_indices(word).any(|(start, found)| {
        let (before, after) = (&text[..start], &text[start + found.len()..]);
        !before.ends_with(is_inside_a_word) && !after.starts_with(is_inside_a_word)
    })
}

fn is_inside_a_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> Vec<String> {
        problems(Path::new(file), text)
    }

    #[test]
    fn words_are_found_on_a_page_but_not_in_its_examples() {
        let page = "It Stands here.\n```sh\nbehind\n```\n`*` stands for any text.\n| so many |\n";
        assert_eq!(found("a.md", page), ["a.md:1: `stands`; write: is", "a.md:6: `so many`; write: `n`, a number"]);
    }

    #[test]
    fn words_are_found_in_comments_and_texts_but_not_in_code() {
        let code =
            "//! What lies there.\nfn behind() {}\nlet text = \"mend it\";\n/// We recommend it; one fell behind.\n";
        assert_eq!(found("a.rs", code), ["a.rs:1: `lies`; write: is", "a.rs:3: `mend`; write: fix"]);
    }

    #[test]
    fn pages_and_sources_of_revised_folders_are_checked() {
        assert!(is_revised(Path::new("docs/internals/file-format.md")));
        assert!(!is_revised(Path::new("docs/image.svg")) && !is_revised(Path::new("web/README.md")));
    }
}
