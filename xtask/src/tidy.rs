//! `cargo xtask tidy`: checks of the whole tree. The same checks are tests below, so `cargo test` runs them.
//!
//! A check takes the tree and returns its problems, one line each. Words that must not occur are put together from
//! parts here, so that this file passes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use toml::Table;

use crate::modules::Sources;
use crate::prose;
use crate::tools::{command, no_more, output, root};
use crate::translations::{self, Pages};

/// The widest line, in characters. Text that cannot be broken is exempt: rows of tables, text inside quotes, and
/// Chinese on a page.
const WIDTH: usize = 120;

/// Who may depend on whom. Packages outside this table (fuzz targets) may use all libraries.
const ARROWS: &[(&str, &[&str])] = &[
    ("runlog-core", &[]),
    ("runlog-wire", &["runlog-core"]),
    ("runlog-doctor", &["runlog-wire"]),
    ("runlog-store", &["runlog-core"]),
    ("runlog-client", &["runlog-core", "runlog-wire"]),
    ("runlog-ingest", &["runlog-core"]),
    ("runlog-runner", &["runlog-core"]),
    ("runlog-report", &["runlog-core", "runlog-ingest"]),
    ("runlog-server", &["runlog-core", "runlog-ingest", "runlog-report", "runlog-wire", "runlog-doctor"]),
    (
        "runlog",
        &[
            "runlog-core",
            "runlog-wire",
            "runlog-doctor",
            "runlog-store",
            "runlog-client",
            "runlog-ingest",
            "runlog-runner",
            "runlog-report",
            "runlog-server",
        ],
    ),
    ("runlog-bench", &["runlog-core", "runlog-wire", "runlog-store", "runlog-client"]),
    ("xtask", &[]),
];

/// What only the tests of a package may use besides: the server gets its engine from the program.
const TEST_ARROWS: &[(&str, &str)] = &[("runlog-server", "runlog-store")];

/// Nobody depends on a program.
const PROGRAMS: [&str; 3] = ["runlog", "runlog-bench", "xtask"];

/// Unfinished work, or debugging aids.
const UNFINISHED: [&str; 5] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
];

/// Paths of one machine, and hosts of package registries: everyone who clones the repository has others.
const PLACES: [&str; 9] = [
    concat!("/wor", "k/"),
    concat!("/roo", "t/"),
    concat!("/tmp/tar", "get"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npm", "js.org"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("deb.debian", ".org"),
];

/// Crates, by their folder, whose modules must not use each other in a circle.
const WITHOUT_CYCLES: [&str; 10] =
    ["core", "client", "store", "report", "server", "runlog", "ingest", "runner", "doctor", "wire"];

type Check = fn(&Tree) -> Result<Vec<String>>;

const CHECKS: [(&str, Check); 11] = [
    ("dependencies point one way", arrows),
    ("modules do not use each other in a circle", cycles),
    ("every Rust file says what it is for", openings),
    ("lines are clean and narrow", lines),
    ("prose is plain", plain),
    ("nothing is unfinished", unfinished),
    ("no machine's paths, no registry's hosts", places),
    ("the code map lists every crate", code_map),
    ("the guarantees name tests that exist", guarantees),
    ("every dependency has its reason", reasons),
    ("pages are the same in both languages", languages),
];

pub(crate) fn task(arguments: &[String]) -> Result<ExitCode> {
    no_more(arguments)?;
    let tree = Tree::read(root())?;
    let mut failed = 0;
    for (name, check) in CHECKS {
        let problems = check(&tree)?;
        println!("{} {name}", if problems.is_empty() { "ok    " } else { "FAILED" });
        for problem in &problems {
            println!("         {problem}");
        }
        failed += usize::from(!problems.is_empty());
    }
    println!("\n{} passed, {failed} failed", CHECKS.len() - failed);
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// The files of the repository: tracked, or about to be.
struct Tree {
    root: PathBuf,
    files: Vec<PathBuf>,
}

impl Tree {
    fn read(root: &Path) -> Result<Self> {
        let mut git = command("git");
        git.args(["-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard"]);
        let mut files = match output(git.current_dir(root)) {
            Some(list) => list.lines().map(PathBuf::from).filter(|file| root.join(file).is_file()).collect(),
            None => walk(root)?,
        };
        files.sort();
        files.dedup();
        Ok(Self { root: root.to_owned(), files })
    }

    fn with_extension(&self, extensions: &[&str]) -> impl Iterator<Item = &Path> {
        let wanted = |file: &&PathBuf| extensions.iter().any(|wanted| file.extension().is_some_and(|is| is == *wanted));
        self.files.iter().filter(wanted).map(PathBuf::as_path)
    }

    fn text(&self, file: &Path) -> Result<String> {
        fs::read_to_string(self.root.join(file)).with_context(|| file.display().to_string())
    }

    fn manifest(&self, file: &Path) -> Result<Table> {
        self.text(file)?.parse().with_context(|| file.display().to_string())
    }
}

/// Every file below a folder, where there is no git to say which count.
fn walk(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if path.is_file() {
                files.push(path.strip_prefix(root)?.to_owned());
            } else if ![".git", "target", "node_modules", "__pycache__"].iter().any(|skip| name == *skip) {
                folders.push(path);
            }
        }
    }
    Ok(files)
}

fn arrows(tree: &Tree) -> Result<Vec<String>> {
    let shared = tree.manifest(Path::new("Cargo.toml"))?;
    let shared = shared.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let manifest = tree.manifest(file)?;
        let Some(package) = manifest.get("package").and_then(|package| package.get("name")?.as_str()) else {
            continue;
        };
        let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
        let allowed = ARROWS.iter().find(|(name, _)| *name == package).map(|(_, allowed)| *allowed);
        for name in dependencies(&manifest, shared) {
            let fine = match allowed {
                Some(allowed) => {
                    allowed.contains(&name.as_str()) || name == package || is_for_tests(&manifest, package, &name)
                }
                None => !PROGRAMS.contains(&name.as_str()),
            };
            if ours.contains(name.as_str()) && !fine {
                problems.push(format!("{}: {package} may not depend on {name}", file.display()));
            }
        }
    }
    Ok(problems)
}

fn is_for_tests(manifest: &Table, package: &str, name: &str) -> bool {
    let is_plain = manifest.get("dependencies").is_some_and(|plain| plain.get(name).is_some());
    !is_plain && TEST_ARROWS.contains(&(package, name))
}

/// Each dependency is listed in CONTRIBUTING.md, with the reason for it.
fn reasons(tree: &Tree) -> Result<Vec<String>> {
    let page = Path::new("CONTRIBUTING.md");
    if !tree.root.join(page).exists() {
        return Ok(Vec::new());
    }
    let text = tree.text(page)?;
    let mut problems = BTreeSet::new();
    for file in tree.files.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let found = dependencies(&tree.manifest(file)?, None);
        let is_ours = |name: &str| ARROWS.iter().any(|(ours, _)| *ours == name);
        let unknown = found.into_iter().filter(|name| !is_ours(name) && !text.contains(&format!("`{name}`")));
        problems.extend(unknown.map(|name| format!("{}: no word about {name}", page.display())));
    }
    Ok(problems.into_iter().collect())
}

/// The packages a manifest depends on, of every kind and for every target, by their real names.
fn dependencies(manifest: &Table, shared: Option<&toml::Value>) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(Table::values);
    let tables = std::iter::once(manifest).chain(targets.filter_map(toml::Value::as_table));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let lists = tables.flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    let renamed = |value: &toml::Value| Some(value.get("package")?.as_str()?.to_owned());
    lists
        .flat_map(Table::iter)
        .map(|(key, value)| renamed(value).or_else(|| renamed(shared?.get(key)?)).unwrap_or_else(|| key.clone()))
        .collect()
}

fn cycles(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for name in WITHOUT_CYCLES {
        let source = Path::new("crates").join(name).join("src");
        let mut modules = Sources::default();
        for file in tree.with_extension(&["rs"]) {
            if let Ok(below) = file.strip_prefix(&source) {
                modules.add(below, &tree.text(file)?)?;
            }
        }
        problems.extend(modules.cycles().into_iter().map(|cycle| format!("{}: {cycle}", source.display())));
    }
    Ok(problems)
}

fn openings(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in tree.with_extension(&["rs"]) {
        if !tree.text(file)?.starts_with("//!") {
            problems.push(format!("{}:1: does not open with `//!`: say what the file is for", file.display()));
        }
    }
    Ok(problems)
}

fn lines(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let is_data = |file: &&Path| file.starts_with("contract") || file.to_string_lossy().contains("/tests/data/");
    for file in tree.with_extension(&["rs", "toml", "md", "py", "mjs"]).filter(|file| !is_data(file)) {
        let text = tree.text(file)?;
        for (number, line) in (1..).zip(text.lines()) {
            let mut problem = |what: &str| problems.push(format!("{}:{number}: {what}", file.display()));
            if line.contains('\t') {
                problem("a tab");
            }
            if line.ends_with([' ', '\r']) {
                problem("white space at the end");
            }
            let is_page = file.extension().is_some_and(|extension| extension == "md");
            if width(line) > WIDTH && !(is_page && is_chinese(line)) {
                problem(&format!("{} characters, more than {WIDTH}", line.chars().count()));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            problems.push(format!("{}: no newline at the end", file.display()));
        }
    }
    Ok(problems)
}

/// The number of characters of a line, without the parts that cannot be broken.
fn width(line: &str) -> usize {
    let is_row = line.trim_start_matches(['/', '!', ' ']).starts_with('|');
    match (line.find('"'), line.rfind('"')) {
        _ if is_row => 0,
        (Some(first), Some(last)) => line[..first].chars().count() + line[last..].chars().count(),
        _ => line.chars().count(),
    }
}

/// Whether a line has Chinese text. A page shows a line break in Chinese text as a space, so each paragraph is one
/// line.
fn is_chinese(line: &str) -> bool {
    line.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

fn plain(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| prose::is_revised(file)) {
        problems.extend(prose::problems(file, &tree.text(file)?));
    }
    Ok(problems)
}

fn unfinished(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in tree.with_extension(&["rs"]) {
        for (number, line) in (1..).zip(tree.text(file)?.lines()) {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                problems.push(format!("{}:{number}: `{word}`", file.display()));
            }
        }
    }
    Ok(problems)
}

fn places(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in &tree.files {
        let bytes = fs::read(tree.root.join(file))?;
        for (number, line) in (1..).zip(String::from_utf8_lossy(&bytes).lines()) {
            for place in PLACES.iter().filter(|place| line.contains(**place)) {
                problems.push(format!("{}:{number}: names `{place}`", file.display()));
            }
        }
    }
    Ok(problems)
}

fn code_map(tree: &Tree) -> Result<Vec<String>> {
    let map = Path::new("ARCHITECTURE.md");
    if !tree.root.join(map).exists() {
        return Ok(Vec::new());
    }
    let text = tree.text(map)?;
    let crates: BTreeSet<_> =
        tree.files.iter().filter(|file| file.starts_with("crates")).filter_map(|file| file.iter().nth(1)).collect();
    let missing = |name: &&std::ffi::OsStr| !text.contains(&format!("crates/{}", name.to_string_lossy()));
    let say = |name: &std::ffi::OsStr| format!("ARCHITECTURE.md: no word about crates/{}", name.to_string_lossy());
    Ok(crates.into_iter().filter(missing).map(say).collect())
}

/// Names of tests in docs/guarantees.md: each text in back-quotes that looks like the name of a function.
fn guarantees(tree: &Tree) -> Result<Vec<String>> {
    let page = Path::new("docs/guarantees.md");
    if !tree.root.join(page).exists() {
        return Ok(Vec::new());
    }
    let sources = tree.with_extension(&["rs"]).map(|file| tree.text(file)).collect::<Result<Vec<_>>>()?.concat();
    let text = tree.text(page)?;
    let is_name =
        |word: &&str| word.contains('_') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let names: BTreeSet<&str> = text.split('`').skip(1).step_by(2).filter(is_name).collect();
    let is_missing = |name: &&str| !sources.contains(&format!("fn {name}("));
    Ok(names
        .into_iter()
        .filter(is_missing)
        .map(|name| format!("{}: there is no test `{name}`", page.display()))
        .collect())
}

fn languages(tree: &Tree) -> Result<Vec<String>> {
    let mut pages = Pages::new();
    for file in tree.files.iter().filter(|file| translations::is_page(file)) {
        pages.insert(file.clone(), tree.text(file)?);
    }
    Ok(translations::problems(&pages, |file| tree.root.join(file).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(check: Check) {
        let problems = check(&Tree::read(root()).unwrap()).unwrap();
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(40)].join("\n"));
    }

    #[test]
    fn dependencies_point_one_way() {
        holds(arrows);
    }

    #[test]
    fn modules_do_not_use_each_other_in_a_circle() {
        holds(cycles);
    }

    #[test]
    fn every_rust_file_says_what_it_is_for() {
        holds(openings);
    }

    #[test]
    fn lines_are_clean_and_narrow() {
        holds(lines);
    }

    #[test]
    fn prose_is_plain() {
        holds(plain);
    }

    #[test]
    fn nothing_is_unfinished() {
        holds(unfinished);
    }

    #[test]
    fn no_machines_paths_and_no_registrys_hosts() {
        holds(places);
    }

    #[test]
    fn the_code_map_lists_every_crate() {
        holds(code_map);
    }

    #[test]
    fn the_guarantees_name_tests_that_exist() {
        holds(guarantees);
    }

    #[test]
    fn every_dependency_has_its_reason() {
        holds(reasons);
    }

    #[test]
    fn pages_are_the_same_in_both_languages() {
        holds(languages);
    }

    /// Each check finds the problem that it looks for.
    #[test]
    fn a_bad_tree_is_found_out() {
        let folder = std::env::temp_dir().join(format!("runlog-tidy-{}", std::process::id()));
        let write = |file: &str, text: &str| {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace.dependencies]\nengine = { package = \"runlog-store\", path = \"crates/store\" }\n",
        );
        write(
            "crates/wire/Cargo.toml",
            "[package]\nname = \"runlog-wire\"\n[dependencies]\nrunlog-core = {}\n\
             [target.x.dev-dependencies]\nengine.workspace = true\n",
        );
        write("crates/wire/src/lib.rs", &format!("fn f() {{ {}) }} \n\t{}", UNFINISHED[0], "好".repeat(121)));
        write("crates/core/src/a.rs", "//! A.\nuse crate::b;\n");
        write("crates/core/src/b.rs", "//! B.\nuse crate::a;\n");
        write("docs/guarantees.md", "`no_such_test` and `f` and `crates/x_y`\n");
        write("docs/api.md", concat!("It li", "es here.\n"));
        write("README.zh-CN.md", &format!("{}\n", "好".repeat(121)));
        write("CONTRIBUTING.md", "| `engine` |\n");
        write("crates/core/Cargo.toml", "[dependencies]\nrunlog-core = {}\nserde = \"1\"\n");
        write("ARCHITECTURE.md", &format!("see {}somewhere\n", PLACES[0]));
        let tree = Tree { files: walk(&folder).unwrap(), root: folder.clone() };
        let found = |check: Check| check(&tree).unwrap().len();
        assert_eq!(arrows(&tree).unwrap(), ["crates/wire/Cargo.toml: runlog-wire may not depend on runlog-store"]);
        assert_eq!(cycles(&tree).unwrap(), ["crates/core/src: a -> b -> a"]);
        assert_eq!(found(openings), 1);
        assert_eq!(found(lines), 4, "a space, a tab, a wide line, no newline");
        assert_eq!(plain(&tree).unwrap(), [concat!("docs/api.md:1: `li", "es`; write: is")]);
        assert_eq!(found(unfinished), 1);
        assert_eq!(found(places), 1);
        assert_eq!(found(code_map), 2);
        assert_eq!(found(guarantees), 1);
        assert_eq!(reasons(&tree).unwrap(), ["CONTRIBUTING.md: no word about serde"]);
        assert_eq!(found(languages), 3, "no page has its translation");
        fs::remove_dir_all(folder).unwrap();
    }
}
