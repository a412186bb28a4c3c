//! The keys of a server: who may sign requests, for which account, under which policies.
//!
//! They are in `DATA/keys.json`, readable only by its owner. Signatures need the secret itself, so it is stored in
//! plain text; it is never logged. Of a token only the hash is kept. The file is replaced as a whole, and a running
//! server notices.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

use anyhow::{Context, bail};
use rand::RngExt;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};

use crate::cam::{self, Policy, Resource};
use crate::files;
use crate::settings::RootKey;
use crate::token::Token;

/// The account of the first root key. Twelve digits, as the dialect's own account ids have.
pub const FIRST_ACCOUNT: &str = "100000000001";

/// A key with what it may do.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The public half.
    pub secret_id: String,
    /// The secret half.
    pub secret_key: String,
    /// The account that the key acts for.
    pub account: String,
    /// Whether the key may do everything in its account.
    pub root: bool,
    /// A note for people.
    #[serde(default)]
    pub note: String,
    /// What the key may do, unless it is a root key.
    #[serde(default)]
    pub policies: Vec<Policy>,
}

/// The text of `keys.json`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Every key.
    pub keys: Vec<Key>,
    /// Every token.
    #[serde(default)]
    pub tokens: Vec<Token>,
}

impl Key {
    /// Makes a key with random halves.
    pub fn generate(account: &str, root: bool, note: &str, policies: Vec<Policy>) -> Self {
        let random = |length| rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect::<String>();
        Self {
            secret_id: format!("AKID{}", random(32)),
            secret_key: random(32),
            account: account.to_owned(),
            root,
            note: note.to_owned(),
            policies,
        }
    }

    /// Whether the key may do `action` to `resource`.
    pub fn may(&self, action: &str, resource: Resource<'_>) -> bool {
        self.root || cam::allows(&self.policies, action, resource)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({}, account {})", self.secret_id, self.account)
    }
}

impl KeyFile {
    /// Where the keys of a data folder are.
    pub fn path(data: &Path) -> PathBuf {
        data.join("keys.json")
    }

    /// Reads the keys of a data folder; none when the file is absent.
    pub fn read(data: &Path) -> anyhow::Result<Self> {
        let path = Self::path(data);
        match files::read_if_present(&path)? {
            Some(text) => serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display())),
            None => Ok(Self::default()),
        }
    }

    /// Changes the keys of a data folder, one process at a time.
    pub fn change<T>(data: &Path, change: impl FnOnce(&mut Self) -> anyhow::Result<T>) -> anyhow::Result<T> {
        files::private_dir(data)?;
        let path = Self::path(data);
        let _lock = files::lock_beside(&path)?;
        let mut keys = Self::read(data)?;
        let result = change(&mut keys)?;
        files::write_private(&path, &serde_json::to_string_pretty(&keys)?)?;
        Ok(result)
    }

    /// Copies the keys of a data folder, if it has any, to a backup or from one; says whether it had.
    pub fn copy(from: &Path, to: &Path) -> anyhow::Result<bool> {
        let text = files::read_if_present(&Self::path(from))?;
        text.map_or(Ok(false), |text| files::write_private(&Self::path(to), &text).map(|()| true))
    }

    /// Deletes a key with its tokens, or a token.
    pub fn delete(&mut self, id: &str) -> anyhow::Result<()> {
        let before = self.keys.len() + self.tokens.len();
        self.keys.retain(|key| key.secret_id != id);
        self.tokens.retain(|token| token.secret_id != id && token.id != id);
        if self.keys.len() + self.tokens.len() == before {
            bail!("there is no key and no token {id}; `runlog keys list` shows them");
        }
        Ok(())
    }

    /// Adds a key.
    pub fn add(&mut self, key: Key) -> anyhow::Result<()> {
        if self.keys.iter().any(|known| known.secret_id == key.secret_id) {
            bail!("there is a key {} already", key.secret_id);
        }
        self.keys.push(key);
        Ok(())
    }
}

/// The keys of a running server. Cheap to ask; follows changes of the file.
pub struct Keyring {
    data: PathBuf,
    given_root: Option<Arc<Key>>,
    loaded: RwLock<Loaded>,
}

struct Loaded {
    keys: HashMap<String, Arc<Key>>,
    tokens: HashMap<String, Arc<Token>>,
    modified: Option<SystemTime>,
}

impl Keyring {
    /// Opens the keys of a data folder. Makes a root key where there is none, and returns it to be shown once.
    pub fn open(data: &Path, given_root: Option<&RootKey>) -> anyhow::Result<(Self, Option<Key>)> {
        let has_root = KeyFile::read(data)?.keys.iter().any(|key| key.root);
        let made = if given_root.is_none() && !has_root {
            let key = Key::generate(FIRST_ACCOUNT, true, "made on the first start", Vec::new());
            KeyFile::change(data, |file| file.add(key.clone()))?;
            Some(key)
        } else {
            None
        };
        let given_root = given_root.map(|given| {
            Arc::new(Key {
                secret_id: given.secret_id.clone(),
                secret_key: given.secret_key.clone(),
                account: FIRST_ACCOUNT.to_owned(),
                root: true,
                note: "given at the start".to_owned(),
                policies: Vec::new(),
            })
        });
        let loaded = RwLock::new(Loaded { keys: HashMap::new(), tokens: HashMap::new(), modified: None });
        let keyring = Self { data: data.to_owned(), given_root, loaded };
        keyring.reload()?;
        Ok((keyring, made))
    }

    /// Finds a key.
    pub fn get(&self, secret_id: &str) -> Option<Arc<Key>> {
        if let Some(root) = self.given_root.as_ref().filter(|root| root.secret_id == secret_id) {
            return Some(Arc::clone(root));
        }
        self.read_loaded().keys.get(secret_id).cloned()
    }

    /// Every account that has a key, and the first one.
    pub fn accounts(&self) -> BTreeSet<String> {
        let of_keys = self.read_loaded().keys.values().map(|key| key.account.clone()).collect::<Vec<_>>();
        of_keys.into_iter().chain([FIRST_ACCOUNT.to_owned()]).collect()
    }

    /// Every key of an account.
    pub fn keys_of(&self, account: &str) -> Vec<Arc<Key>> {
        let loaded = self.read_loaded();
        // A key given at the start takes the place of one of the same id in the file.
        let given = self.given_root.iter();
        let others = loaded.keys.values();
        let others = others.filter(|key| self.given_root.as_ref().is_none_or(|given| given.secret_id != key.secret_id));
        given.chain(others).filter(|key| key.account == account).cloned().collect()
    }

    /// Every token of a key, in the order of their ids.
    pub fn tokens_of(&self, secret_id: &str) -> Vec<Arc<Token>> {
        let loaded = self.read_loaded();
        let mut tokens: Vec<_> = loaded.tokens.values().filter(|token| token.secret_id == secret_id).cloned().collect();
        tokens.sort_by(|a, b| a.id.cmp(&b.id));
        tokens
    }

    /// Finds a token.
    pub fn token(&self, id: &str) -> Option<Arc<Token>> {
        self.read_loaded().tokens.get(id).cloned()
    }

    /// Reads the file again if it has changed. Called every second by the server.
    pub fn refresh(&self) -> anyhow::Result<()> {
        let modified = files::modified(&KeyFile::path(&self.data));
        if modified == self.read_loaded().modified { Ok(()) } else { self.reload() }
    }

    fn reload(&self) -> anyhow::Result<()> {
        let modified = files::modified(&KeyFile::path(&self.data));
        let file = KeyFile::read(&self.data)?;
        let keys = file.keys.into_iter().map(|key| (key.secret_id.clone(), Arc::new(key))).collect();
        let tokens = file.tokens.into_iter().map(|token| (token.id.clone(), Arc::new(token))).collect();
        *self.loaded.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Loaded { keys, tokens, modified };
        Ok(())
    }

    fn read_loaded(&self) -> std::sync::RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_root_key_once() {
        let data = tempfile::tempdir().unwrap();
        let (keyring, made) = Keyring::open(data.path(), None).unwrap();
        let made = made.expect("a key on the first start");
        assert!(keyring.get(&made.secret_id).is_some_and(|key| key.root && key.secret_key == made.secret_key));
        assert!(Keyring::open(data.path(), None).unwrap().1.is_none(), "no second key on the second start");
    }

    #[test]
    fn a_running_keyring_follows_the_file() {
        let data = tempfile::tempdir().unwrap();
        let (keyring, _) = Keyring::open(data.path(), None).unwrap();
        let key = Key::generate("2", false, "", Vec::new());
        KeyFile::change(data.path(), |file| file.add(key.clone())).unwrap();
        keyring.refresh().unwrap();
        assert!(keyring.get(&key.secret_id).is_some());
        assert!(KeyFile::change(data.path(), |file| file.add(key.clone())).is_err(), "the same key twice");
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let key = Key::generate("2", false, "", Vec::new());
        assert!(!format!("{key:?}").contains(&key.secret_key));
    }
}
