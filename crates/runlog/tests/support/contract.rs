//! The scenarios of the `contract` folder, and how they are played against a server. `contract/README.md` describes
//! the files.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runlog_core::Zone;
use runlog_wire::sign_v1::V1Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answer, Api, Form, Key, now_ms};

/// The placeholder for the request id in an expected body.
const REQUEST_ID: &str = "REQUEST-ID";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

/// One thing that is done, and what must come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// A few words, for the report of a failure.
    pub(crate) does: String,
    /// Which of the two keys signs.
    #[serde(default = "first")]
    pub(crate) key: u8,

    /// Runs to put in. Such a step calls no action.
    #[serde(default)]
    pub(crate) ingest: Vec<Map<String, Value>>,
    #[serde(default)]
    pub(crate) accepted: u64,
    #[serde(default)]
    pub(crate) duplicates: u64,
    /// The codes of the refusals.
    #[serde(default)]
    pub(crate) refused: Vec<String>,

    #[serde(default = "get_function_logs")]
    pub(crate) action: String,
    /// A region beside the scenario's own.
    pub(crate) region: Option<String>,
    pub(crate) language: Option<String>,
    #[serde(default)]
    pub(crate) params: Map<String, Value>,
    /// The only forms that can carry these parameters: `json`, `get`, `multipart`, `v1`.
    pub(crate) forms: Option<Vec<String>>,

    pub(crate) total: Option<u64>,
    /// The request ids of `Data`, in order.
    pub(crate) rows: Option<Vec<String>>,
    /// Values by path, such as `Data.0.Log`.
    #[serde(default)]
    pub(crate) fields: Map<String, Value>,
    /// The whole body, to the byte.
    pub(crate) body: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) message: Option<String>,
    /// Values to keep for later steps: a name, and the path of the value.
    #[serde(default)]
    pub(crate) keep: BTreeMap<String, String>,
}

fn first() -> u8 {
    1
}

fn get_function_logs() -> String {
    "GetFunctionLogs".to_owned()
}

/// Plays every scenario against a server, signed by these keys; what does not hold, a paragraph each.
pub(crate) fn play_all(address: SocketAddr, keys: &[Key]) -> String {
    let mut report = String::new();
    for file in scenario_files() {
        let now_ms = now_ms() / 1000 * 1000;
        let number = file_name(&file).get(..3).expect("a number");
        let mut player = Player {
            apis: keys.iter().map(|key| Api::new(address, key.clone())).collect(),
            region: format!("contract-{number}-{now_ms}-{}", std::process::id()),
            now_ms,
            kept: BTreeMap::new(),
            file: file_name(&file),
            failures: Vec::new(),
        };
        player.play(&read(&file));
        for failure in player.failures {
            let _ = writeln!(report, "{failure}\n");
        }
    }
    report
}

/// A scenario on its way.
struct Player<'a> {
    apis: Vec<Api>,
    /// Of this scenario and this moment alone, so that whatever else a server holds does not matter.
    region: String,
    now_ms: i64,
    kept: BTreeMap<String, String>,
    file: &'a str,
    failures: Vec<String>,
}

impl Player<'_> {
    fn play(&mut self, scenario: &Scenario) {
        for step in &scenario.steps {
            let failed = match (step.ingest.is_empty(), self.apis.len() < usize::from(step.key)) {
                (_, true) => {
                    eprintln!("{}: the rest needs RUNLOG_CONTRACT_KEY_2 and is left out", self.file);
                    return;
                }
                (false, _) => self.ingest(step),
                (true, _) => self.ask(step),
            };
            if let Err(failure) = failed {
                self.failures.push(format!("{}: {}: {failure}", self.file, step.does));
            }
        }
    }

    fn ingest(&mut self, step: &Step) -> Result<(), String> {
        let runs: Vec<Value> = step.ingest.iter().map(|run| self.run(run)).collect();
        let report = self.api(step).ingest(&runs);
        let refused: Vec<&String> = report.refused.iter().map(|(_, code)| code).collect();
        let found = (report.accepted, report.duplicates, refused);
        let wanted = (step.accepted, step.duplicates, step.refused.iter().collect());
        if found == wanted {
            Ok(())
        } else {
            Err(format!("(accepted, duplicates, refused) is {found:?}, not {wanted:?}"))
        }
    }

    fn ask(&mut self, step: &Step) -> Result<(), String> {
        let params = self.filled(&Value::Object(step.params.clone()), |ms| Value::String(Zone::UTC8.format(ms)));
        let mut first: Option<Answer> = None;
        for form in Form::ALL.into_iter().filter(|form| step.takes(*form) && form.can_carry(&params)) {
            let answer = self.call(step, form, &params);
            match &first {
                None => self.check(step, &answer).map_err(|failure| format!("{failure}\n  in {}", answer.text))?,
                Some(first) if first.repeatable() == answer.repeatable() => {}
                Some(first) => {
                    return Err(format!("{form:?} answers\n  {}\nwhere JSON answers\n  {}", answer.text, first.text));
                }
            }
            first.get_or_insert(answer);
        }
        let answer = first.ok_or("no form can carry the parameters")?;
        for (name, path) in &step.keep {
            let value = answer.at(path).and_then(Value::as_str).ok_or_else(|| format!("no text at {path}"))?;
            self.kept.insert(name.clone(), value.to_owned());
        }
        Ok(())
    }

    /// Calls in one form; again a second later when that was one call too many, since any server may have a limit.
    fn call(&mut self, step: &Step, form: Form, params: &Value) -> Answer {
        let region = self.region(step.region.as_deref());
        let api = self.api(step);
        api.region = Some(region);
        api.language.clone_from(&step.language);
        loop {
            let answer = api.call_as(form, &step.action, params.clone());
            if answer.code() != Some("RequestLimitExceeded") {
                return answer;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn check(&self, step: &Step, answer: &Answer) -> Result<(), String> {
        let differs = |what: &str, found: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
            Err(format!("{what} is {found:?}, not {wanted:?}"))
        };
        if answer.code() != step.error.as_deref() {
            return differs("the error", &answer.code(), &step.error);
        }
        if step.message.is_some() && answer.message() != step.message {
            return differs("the message", &answer.message(), &step.message);
        }
        if step.total.is_some_and(|total| total != answer.total()) {
            return differs("TotalCount", &answer.total(), &step.total);
        }
        if step.rows.as_ref().is_some_and(|rows| *rows != answer.ids()) {
            return differs("the order of rows", &answer.ids(), &step.rows);
        }
        for (path, wanted) in &step.fields {
            let wanted = self.filled(wanted, |ms| Value::String(Zone::UTC8.format(ms)));
            if answer.at(path) != Some(&wanted) {
                return differs(path, &answer.at(path), &wanted);
            }
        }
        let body = answer.text.replace(&answer.request_id, REQUEST_ID);
        if step.body.as_ref().is_some_and(|wanted| wanted.trim() != body) {
            return differs("the body", &body, &step.body);
        }
        Ok(())
    }

    fn api(&mut self, step: &Step) -> &mut Api {
        &mut self.apis[usize::from(step.key) - 1]
    }

    fn region(&self, beside: Option<&str>) -> String {
        beside.map_or_else(|| self.region.clone(), |name| format!("{}-{name}", self.region))
    }

    /// A run as it is posted: in the scenario's region, moments as Unix milliseconds.
    fn run(&self, run: &Map<String, Value>) -> Value {
        let mut run = self.filled(&Value::Object(run.clone()), Value::from);
        let region = self.region(run["Region"].as_str());
        run["Region"] = region.into();
        run
    }

    /// A value with its `@now` moments and kept values filled in.
    fn filled(&self, value: &Value, moment: impl Fn(i64) -> Value + Copy) -> Value {
        match value {
            Value::String(text) => self.filled_text(text, moment),
            Value::Array(items) => items.iter().map(|item| self.filled(item, moment)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.filled(value, moment)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    fn filled_text(&self, text: &str, moment: impl Fn(i64) -> Value) -> Value {
        if let Some(offset) = text.strip_prefix("@now") {
            let seconds: i64 = if offset.is_empty() { 0 } else { offset.parse().expect("@now, @now-60 or @now+60") };
            return moment(self.now_ms + 1000 * seconds);
        }
        match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => self.kept.get(name).unwrap_or_else(|| panic!("nothing was kept as {name}")).clone().into(),
            None => text.into(),
        }
    }
}

impl Step {
    fn takes(&self, form: Form) -> bool {
        let name = match form {
            Form::Tc3Json { .. } => "json",
            Form::Tc3Get { .. } => "get",
            Form::Tc3Multipart { .. } => "multipart",
            Form::V1Get(_) | Form::V1Post(V1Algorithm::HmacSha1 | V1Algorithm::HmacSha256) => "v1",
        };
        self.forms.as_ref().is_none_or(|forms| forms.iter().any(|form| form == name))
    }
}

pub(crate) fn scenario_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract");
    let entries = std::fs::read_dir(folder).expect("the contract folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

pub(crate) fn file_name(file: &Path) -> &str {
    file.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name")
}

pub(crate) fn read(file: &Path) -> Scenario {
    let text = std::fs::read_to_string(file).expect("a scenario");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
