//! Which module of a crate uses which, and where they go round in a circle.
//!
//! At each level of the module tree the nodes are the modules there, files and folders alike; a folder stands for
//! everything in it. The items of a folder's own `mod.rs` are one more node among its modules. A re-export is no use:
//! a path that goes through one counts as a path to what is exported. What is only compiled for tests does not count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module by the names of the modules that lead to it; the crate's root has none.
type ModulePath = Vec<String>;

/// The node of the items in a folder's own file.
const OWN: &str = "mod.rs";

/// The source files of one crate.
#[derive(Default)]
pub(crate) struct Sources {
    modules: BTreeMap<ModulePath, Module>,
    /// Modules that are only compiled for tests.
    tests: BTreeSet<ModulePath>,
}

#[derive(Default)]
struct Module {
    /// What its code names.
    uses: Vec<ModulePath>,
    /// What it re-exports: from the name there to what has the name.
    exports: BTreeMap<String, ModulePath>,
}

/// A token, with groups opened up.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Open,
    Close,
    Other(char),
}

impl Sources {
    /// Adds a file, by its path below the crate's `src`.
    pub(crate) fn add(&mut self, file: &Path, text: &str) -> Result<()> {
        let path = module_of(file);
        let stream =
            TokenStream::from_str(text).map_err(|error| anyhow!("{error}")).context(file.display().to_string())?;
        let mut tokens = Vec::new();
        let mut tests = Vec::new();
        flatten(stream, &mut tokens, &mut tests);
        let below = |name: String| path.iter().cloned().chain([name]).collect();
        self.tests.extend(tests.into_iter().map(below));
        let module = Reader { path: &path, tokens: &tokens, at: 0 }.read();
        self.modules.insert(path, module);
        Ok(())
    }

    /// One line for each set of modules that use each other, with an example of how.
    pub(crate) fn cycles(&self) -> Vec<String> {
        self.levels().iter().flat_map(|(level, edges)| circles(level, edges)).collect()
    }

    /// At each level of the tree, who uses whom.
    fn levels(&self) -> BTreeMap<ModulePath, Edges> {
        let mut levels: BTreeMap<ModulePath, Edges> = BTreeMap::new();
        for (from, module) in self.modules.iter().filter(|(path, _)| !self.is_of_tests(path)) {
            for used in &module.uses {
                let to = self.resolve(used, 0);
                if *from == to || self.is_of_tests(&to) {
                    continue;
                }
                let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                let node = |path: &ModulePath| path.get(common).map_or(OWN, String::as_str).to_owned();
                let level = levels.entry(from[..common].to_vec()).or_default();
                level.entry(node(from)).or_default().insert(node(&to));
            }
        }
        levels
    }

    fn is_of_tests(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|length| self.tests.contains(&path[..length]))
    }

    /// The module that has what a path names.
    fn resolve(&self, path: &[String], depth: usize) -> ModulePath {
        let mut module = ModulePath::new();
        for name in path {
            module.push(name.clone());
            if self.modules.contains_key(&module) {
                continue;
            }
            module.pop();
            let exported = self.modules.get(&module).and_then(|module| module.exports.get(name));
            return match exported {
                // Longer chains are circles.
                Some(exported) if depth < 8 => self.resolve(exported, depth + 1),
                _ => module,
            };
        }
        module
    }
}

type Edges = BTreeMap<String, BTreeSet<String>>;

fn circles(level: &[String], edges: &Edges) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for start in edges.keys() {
        let Some(circle) = shortest_circle(edges, start).filter(|_| !seen.contains(start)) else { continue };
        seen.extend(circle.iter().cloned());
        let place = level.iter().map(|name| format!("{name}/")).collect::<String>();
        found.push(circle.iter().map(|name| format!("{place}{name}")).collect::<Vec<_>>().join(" -> "));
    }
    found
}

/// The shortest way from a node back to itself.
fn shortest_circle(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| edges.get(last)).into_iter().flatten() {
            let longer = || way.iter().cloned().chain([next.clone()]).collect();
            if next == start {
                return Some(longer());
            }
            if seen.insert(next) {
                ways.push_back(longer());
            }
        }
    }
    None
}

/// `a/b.rs` and `a/b/mod.rs` are both `a::b`.
fn module_of(file: &Path) -> ModulePath {
    let mut path: ModulePath = file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        path.pop();
    }
    path
}

/// Opens up groups and leaves out what is only compiled for tests; names the modules among that.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>, tests: &mut Vec<String>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = trees.next_if(|next| matches!(next, TokenTree::Group(_)))
                    && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
                {
                    tests.extend(skip_item(&mut trees));
                }
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => {
                let is_double = trees.next_if(|next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == ':'));
                tokens.push(if is_double.is_some() { Token::Colons } else { Token::Other(':') });
            }
            TokenTree::Punct(mark) => tokens.push(Token::Other(mark.as_char())),
            TokenTree::Ident(word) => tokens.push(Token::Word(word.to_string())),
            TokenTree::Literal(_) => tokens.push(Token::Other('0')),
            TokenTree::Group(group) => {
                tokens.push(Token::Open);
                flatten(group.stream(), tokens, tests);
                tokens.push(Token::Close);
            }
        }
    }
}

/// Skips an item: up to its braces or its semicolon. Returns its name if it is a module.
fn skip_item(trees: &mut impl Iterator<Item = TokenTree>) -> Option<String> {
    let mut words = Vec::new();
    for tree in trees {
        match tree {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            TokenTree::Punct(mark) if mark.as_char() == ';' => break,
            _ => {}
        }
    }
    let at = words.iter().position(|word| word == "mod")?;
    words.into_iter().nth(at + 1)
}

/// Finds the paths in a file's tokens.
struct Reader<'a> {
    path: &'a [String],
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn read(mut self) -> Module {
        let children = self.children();
        let mut module = Module::default();
        while let Some(token) = self.tokens.get(self.at) {
            let Token::Word(word) = token else {
                self.at += 1;
                continue;
            };
            let before = self.tokens[..self.at].last();
            if word == "in" && self.is_of_visibility() {
                // `pub(in crate::a)` says who may use the item, which is no use of `a`.
                self.at += self.tokens[self.at..].iter().take_while(|token| **token != Token::Close).count();
                continue;
            }
            if word == "use" {
                let is_exported = self.is_public();
                self.at += 1;
                let leaves = self.use_tree(&children);
                if is_exported {
                    module.exports.extend(leaves);
                } else {
                    module.uses.extend(leaves.into_iter().map(|(_, path)| path));
                }
                continue;
            }
            let is_start = self.tokens.get(self.at + 1) == Some(&Token::Colons) && before != Some(&Token::Colons);
            match self.base(word, &children).filter(|_| is_start) {
                Some(base) => {
                    self.at += 1;
                    let mut leaves = Vec::new();
                    self.rest(base, &mut leaves);
                    module.uses.extend(leaves.into_iter().map(|(_, path)| path));
                }
                None => self.at += 1,
            }
        }
        module
    }

    /// Whether this token follows `pub`, or `pub(crate)` and the like.
    fn is_public(&self) -> bool {
        let before = &self.tokens[..self.at];
        let word = match before.last() {
            Some(Token::Close) => before.iter().rposition(|token| *token == Token::Open).unwrap_or(0),
            _ => before.len(),
        };
        matches!(before[..word].last(), Some(Token::Word(word)) if word == "pub")
    }

    /// Whether this token is the first in the parentheses of `pub(...)`.
    fn is_of_visibility(&self) -> bool {
        matches!(&self.tokens[..self.at], [.., Token::Word(word), Token::Open] if word == "pub")
    }

    /// The modules that the file declares.
    fn children(&self) -> BTreeSet<String> {
        let declared = self.tokens.windows(3).filter_map(|three| match three {
            [Token::Word(keyword), Token::Word(name), Token::Other(';')] if keyword == "mod" => Some(name.clone()),
            _ => None,
        });
        declared.collect()
    }

    /// The module that a path's first word names, if that is one of this crate's.
    fn base(&self, word: &str, children: &BTreeSet<String>) -> Option<ModulePath> {
        match word {
            "crate" => Some(ModulePath::new()),
            "self" => Some(self.path.to_vec()),
            "super" => Some(self.path.split_last().map_or_else(Vec::new, |(_, parent)| parent.to_vec())),
            child if children.contains(child) => Some(self.path.iter().cloned().chain([child.to_owned()]).collect()),
            _ => None,
        }
    }

    /// Reads what follows `use`, up to the semicolon: the names that it brings, each with its path.
    fn use_tree(&mut self, children: &BTreeSet<String>) -> Vec<(String, ModulePath)> {
        let mut leaves = Vec::new();
        if self.tokens.get(self.at) == Some(&Token::Open) {
            self.group(&mut leaves, |reader, leaves| reader.use_branch(children, leaves));
        } else {
            self.use_branch(children, &mut leaves);
        }
        leaves
    }

    fn use_branch(&mut self, children: &BTreeSet<String>, leaves: &mut Vec<(String, ModulePath)>) {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            self.at += 1;
            return;
        };
        let base = self.base(word, children);
        self.at += 1;
        let mut found = Vec::new();
        self.rest(base.clone().unwrap_or_default(), &mut found);
        // A path into another crate is of no interest.
        leaves.extend(found.into_iter().filter(|_| base.is_some()));
    }

    /// Reads the rest of a path, whose beginning is known.
    fn rest(&mut self, mut path: ModulePath, leaves: &mut Vec<(String, ModulePath)>) {
        while self.tokens.get(self.at) == Some(&Token::Colons) {
            match self.tokens.get(self.at + 1) {
                Some(Token::Word(word)) if word == "super" => drop(path.pop()),
                Some(Token::Word(word)) if word == "self" => {}
                Some(Token::Word(word)) => path.push(word.clone()),
                Some(Token::Open) => {
                    self.at += 1;
                    self.group(leaves, |reader, leaves| reader.branch(&path, leaves));
                    return;
                }
                _ => break,
            }
            self.at += 2;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if let (Some(Token::Word(keyword)), Some(Token::Word(other))) =
            (self.tokens.get(self.at), self.tokens.get(self.at + 1))
            && keyword == "as"
        {
            name.clone_from(other);
            self.at += 2;
        }
        leaves.push((name, path));
    }

    fn branch(&mut self, path: &ModulePath, leaves: &mut Vec<(String, ModulePath)>) {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            // A star: everything there.
            leaves.push(("*".to_owned(), path.clone()));
            self.at += 1;
            return;
        };
        let mut path = path.clone();
        if word != "self" {
            path.push(word.clone());
        }
        self.at += 1;
        self.rest(path, leaves);
    }

    /// Reads the branches of a group, which begins here.
    fn group(
        &mut self,
        leaves: &mut Vec<(String, ModulePath)>,
        mut branch: impl FnMut(&mut Self, &mut Vec<(String, ModulePath)>),
    ) {
        self.at += 1;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Close => {
                    self.at += 1;
                    return;
                }
                Token::Other(',') => self.at += 1,
                _ => branch(self, leaves),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(files: &[(&str, &str)]) -> Vec<String> {
        let mut sources = Sources::default();
        files.iter().for_each(|(file, text)| sources.add(Path::new(file), text).unwrap());
        sources.cycles()
    }

    #[test]
    fn two_files_that_use_each_other_are_found() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::{self, B};"),
            ("b.rs", "fn f() -> crate::c::C { vec![super::c::f()] }"),
            ("c.rs", "use std::fmt; pub(crate) fn f() { println!(\"{}\", crate::a::X); }"),
        ];
        assert_eq!(cycles(&files), ["a -> b -> c -> a"]);
        assert_eq!(cycles(&files[..3]), [""; 0]);
    }

    #[test]
    fn a_folder_stands_for_all_of_its_files() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod x; mod y;"),
            ("a/x.rs", "use super::y; use crate::b::B;"),
            ("a/y.rs", "pub struct Y;"),
            ("b.rs", "use crate::a::y::Y;"),
        ];
        assert_eq!(cycles(&files), ["a -> b -> a"]);
    }

    #[test]
    fn a_path_through_a_re_export_leads_to_what_is_exported() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use b::B as Bee;"),
            ("a/mod.rs", "mod x; mod y; pub(crate) use x::{X, Z as W}; pub use crate::b::B;"),
            ("a/x.rs", "use super::y::Y;"),
            ("a/y.rs", "use super::{W, B};"),
            ("b.rs", ""),
        ];
        assert_eq!(cycles(&files), ["a/x -> a/y -> a/x"]);
        let through_root = [("lib.rs", files[0].1), ("a.rs", "use crate::Bee;"), ("b.rs", "use crate::a::A;")];
        assert_eq!(cycles(&through_root), ["a -> b -> a"]);
    }

    #[test]
    fn a_folders_own_items_are_a_node_of_it() {
        let own = "mod x; struct Own; fn f() { x::g(); }";
        let both = [("lib.rs", "mod a;"), ("a/mod.rs", own), ("a/x.rs", "use super::Own;")];
        assert_eq!(cycles(&both), ["a/mod.rs -> a/x -> a/mod.rs"]);
        let re_exported = "mod x; pub use x::g; struct Own;";
        assert_eq!(cycles(&[both[0], ("a/mod.rs", re_exported), both[2]]), [""; 0]);
    }

    #[test]
    fn who_may_see_an_item_is_not_used_by_it() {
        let files =
            [("lib.rs", "mod a;"), ("a/mod.rs", "mod x; fn f() { x::g(); }"), ("a/x.rs", "pub(in crate::a) fn g() {}")];
        assert_eq!(cycles(&files), [""; 0]);
    }

    #[test]
    fn tests_do_not_count() {
        let files = [
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod testing;"),
            ("a.rs", "use crate::b::B; #[cfg(test)] use crate::testing;"),
            ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
            ("testing.rs", "use crate::a::A;"),
        ];
        assert_eq!(cycles(&files), [""; 0]);
    }
}
