//! Profiles: what a user's commands know of several servers, in `config.toml` of the user's configuration folder.
//!
//! ```toml
//! [profile.staging]
//! endpoint = "https://runlog.staging.example:9160"
//! secret_id = "AKID..."
//! secret_key = "..."
//! ca = "/etc/ssl/staging.pem"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Once;

use serde::Deserialize;

use crate::cli::common::failure::Failure;
use crate::cli::common::place::folder_in;
use crate::cli::common::say::say;
use crate::files;

/// The profile that is used when none is named.
const DEFAULT: &str = "default";

/// What a profile says. What is absent is left to the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct Profile {
    pub(in crate::cli) endpoint: Option<String>,
    pub(in crate::cli) secret_id: Option<String>,
    pub(in crate::cli) secret_key: Option<String>,
    pub(in crate::cli) token: Option<String>,
    pub(in crate::cli) region: Option<String>,
    pub(in crate::cli) ca: Option<PathBuf>,
}

/// The file. Other tables are other parts' matter.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct File {
    profile: BTreeMap<String, Profile>,
}

/// Where the profiles are, as the XDG Base Directory Specification has it; `None` for a user without a home.
pub(in crate::cli) fn path() -> Option<PathBuf> {
    let base = folder_in("XDG_CONFIG_HOME").or_else(|| Some(folder_in("HOME")?.join(".config")));
    Some(base?.join("runlog/config.toml"))
}

/// Every profile by its name; none where there is no file.
///
/// # Errors
/// [`Failure::Usage`] for a file that cannot be read.
pub(in crate::cli) fn all() -> Result<BTreeMap<String, Profile>, Failure> {
    let Some(path) = path() else { return Ok(BTreeMap::new()) };
    let text = files::read_if_present(&path).map_err(|error| Failure::Usage(format!("{error:#}")))?;
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    let profiles = parse(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    if profiles.values().any(|profile| profile.secret_key.is_some() || profile.token.is_some()) {
        warn_if_open(&path);
    }
    Ok(profiles)
}

/// The named profile, or the default one, or nothing.
///
/// # Errors
/// [`Failure::Usage`] for a name that there is not, and for a file that cannot be read.
pub(in crate::cli) fn chosen(name: Option<&str>) -> Result<Profile, Failure> {
    let mut profiles = all()?;
    match (profiles.remove(name.unwrap_or(DEFAULT)), name) {
        (Some(profile), _) => Ok(profile),
        (None, None) => Ok(Profile::default()),
        (None, Some(name)) => {
            let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
            let known =
                if known.is_empty() { "there is none".to_owned() } else { format!("there is {}", known.join(", ")) };
            let advice = "make it with `runlog config set-profile`";
            Err(Failure::Usage(format!("there is no profile `{name}`; {known}; {advice}")))
        }
    }
}

/// Writes a profile into the file, in the place of one of this name; everything else in it stays as it is.
///
/// # Errors
/// [`Failure::Usage`] when the file cannot be changed so.
pub(in crate::cli) fn store(name: &str, profile: &Profile) -> Result<PathBuf, Failure> {
    let usage = |message: &str| Failure::Usage(message.to_owned());
    let is_plain = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(usage("the name of a profile is of letters, digits, - and _"));
    }
    let path = path().ok_or_else(|| usage("there is no home folder; set XDG_CONFIG_HOME"))?;
    if let Some(folder) = path.parent() {
        files::private_dir(folder)?;
    }
    let _lock = files::lock_beside(&path)?;
    let before = files::read_if_present(&path)?.unwrap_or_default();
    let after = replaced(&before, name, &section(name, profile));
    let by_hand = |why: String| Failure::Usage(format!("{}: {why}; change it by hand", path.display()));
    let mut expected = parse(&before).map_err(by_hand)?;
    expected.insert(name.to_owned(), profile.clone());
    if parse(&after).map_err(by_hand)? != expected {
        return Err(by_hand("its form is an unusual one".to_owned()));
    }
    files::write_private(&path, &after)?;
    Ok(path)
}

/// Reads the file's text. An error is one line, and shows nothing of the text: there are secrets in it.
fn parse(text: &str) -> Result<BTreeMap<String, Profile>, String> {
    let in_words = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        format!("line {}: {message}", before.matches('\n').count() + 1)
    };
    let file: File = toml::from_str(text).map_err(in_words)?;
    Ok(file.profile)
}

/// The profile as a part of the file.
fn section(name: &str, profile: &Profile) -> String {
    let mut text = format!("[profile.{name}]\n");
    let ca = profile.ca.as_ref().map(|path| path.display().to_string());
    for (key, value) in [
        ("endpoint", &profile.endpoint),
        ("secret_id", &profile.secret_id),
        ("secret_key", &profile.secret_key),
        ("token", &profile.token),
        ("region", &profile.region),
        ("ca", &ca),
    ] {
        if let Some(value) = value {
            // A text of JSON is one of TOML, too.
            text += &format!("{key} = {}\n", serde_json::Value::from(value.as_str()));
        }
    }
    text
}

/// The file's text with a part in the place of the one that begins with `[profile.NAME]`, or at its end.
fn replaced(text: &str, name: &str, section: &str) -> String {
    let head = format!("[profile.{name}]");
    let lines: Vec<&str> = text.lines().collect();
    let Some(start) = lines.iter().position(|line| line.trim() == head) else {
        let gap = if text.is_empty() { "" } else { "\n" };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return format!("{text}{end}{gap}{section}");
    };
    // Up to the next table; comments and blank lines above that one belong to it.
    let rest = &lines[start + 1..];
    let next = rest.iter().position(|line| line.trim_start().starts_with('[')).unwrap_or(rest.len());
    let own = rest[..next].iter().rposition(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let keep = start + 1 + own.map_or(0, |at| at + 1);
    let join = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    format!("{}{section}{}", join(&lines[..start]), join(&lines[keep..]))
}

/// A file with secrets is for its owner alone. It is said once; a command goes on.
fn warn_if_open(path: &Path) {
    static SAID: Once = Once::new();
    if files::is_open_to_others(path) {
        SAID.call_once(|| {
            let path = path.display();
            say!("warning: {path} holds secrets and others can read it; `chmod 600 {path}` closes it");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(endpoint: &str, secret_key: &str) -> Profile {
        let text = |text: &str| Some(text.to_owned());
        Profile { endpoint: text(endpoint), secret_id: text("id"), secret_key: text(secret_key), ..Profile::default() }
    }

    #[test]
    fn a_section_reads_as_what_it_was_written_from() {
        let odd = Profile { ca: Some("/a b/\"c\".pem".into()), ..profile("http://h:1", "q\"uo\\te\nd") };
        for profile in [odd, Profile::default(), profile("http://h", "plain")] {
            let text = section("one", &profile);
            assert_eq!(parse(&text).unwrap().remove("one"), Some(profile), "{text}");
        }
    }

    #[test]
    fn what_stands_beside_a_section_stays() {
        let before = "# mine\n[profile.a]\nendpoint = \"http://old\" # here\nregion = \"r\"\n\n# the other\n\
                      [profile.b]\nendpoint = \"http://b\"\n[other]\nx = 1";
        let after = replaced(before, "a", &section("a", &profile("http://new", "k")));
        assert!(after.starts_with("# mine\n[profile.a]\nendpoint = \"http://new\"\n"), "{after}");
        assert!(after.contains("\n\n# the other\n[profile.b]\nendpoint = \"http://b\"\n[other]\nx = 1\n"), "{after}");
        assert!(!after.contains("old") && !after.contains("region"), "{after}");
        let after = replaced(before, "c", &section("c", &profile("http://c", "k")));
        assert!(after.starts_with(before) && parse(&after).unwrap().len() == 3, "{after}");
        assert_eq!(replaced("", "c", "[profile.c]\n"), "[profile.c]\n");
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_it() {
        let error = parse("[profile.a]\nendpiont = \"http://h\"\n").unwrap_err();
        assert!(error.starts_with("line 2: ") && error.contains("endpiont"), "{error}");
        assert!(error.contains("secret_key"), "what there is: {error}");
        let error = parse("\n[profile.a]\nsecret_key = \"hush\n").unwrap_err();
        assert!(error.starts_with("line 3: ") && !error.contains("hush") && !error.contains('\n'), "{error}");
        assert!(parse("[serve]\nx = 1\n").unwrap().is_empty());
    }
}
