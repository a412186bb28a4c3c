//! Sessions of browsers: a cookie in the place of a credential, so that a page keeps no secret.
//!
//! A session is a random id of 256 bits, of which only the hash is kept, in memory: a restart ends all. It ends when it
//! was not used for a while, when it is old, when its owner signs out, and when its key or token does. Any number of
//! browsers may sign in; beyond a bound, the session that was used least recently ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use sha2::{Digest, Sha256};

/// A session that was not used for this long ends.
const IDLE_MAX: Duration = Duration::from_secs(12 * 3600);

/// Every session ends after this long.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// Sessions that one key may have at a time.
const PER_KEY_MAX: usize = 64;

/// Sessions of all keys.
const SESSIONS_MAX: usize = 4096;

/// The sessions of a server, each with what it stands for.
pub(crate) struct Sessions<T>(Mutex<HashMap<IdHash, Entry<T>>>);

type IdHash = [u8; 32];

struct Entry<T> {
    secret_id: String,
    who: T,
    made: Instant,
    used: Instant,
    ticket: Ticket,
}

/// Tells a request of a session whether the session still holds: a tail outlives the request that opened it.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    has_ended: Arc<AtomicBool>,
    ends: Instant,
}

impl Ticket {
    /// Whether the session holds at a moment.
    pub(crate) fn holds_at(&self, now: Instant) -> bool {
        !self.has_ended.load(Ordering::Relaxed) && now < self.ends
    }
}

impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        self.ticket.has_ended.store(true, Ordering::Relaxed);
    }
}

impl<T> Default for Sessions<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Sessions<T> {
    /// Begins a session of a key; returns its id, which is kept nowhere.
    pub(crate) fn begin(&self, secret_id: &str, who: T, now: Instant) -> String {
        let id = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
        let mut sessions = self.lock();
        sessions.retain(|_, entry| entry.holds_at(now));
        make_room(&mut sessions, PER_KEY_MAX, |entry| entry.secret_id == secret_id);
        make_room(&mut sessions, SESSIONS_MAX, |_| true);
        let ticket = Ticket { has_ended: Arc::default(), ends: now + AGE_MAX };
        let entry = Entry { secret_id: secret_id.to_owned(), who, made: now, used: now, ticket };
        sessions.insert(hash(&id), entry);
        id
    }

    /// Whom the session of an id stands for; using it keeps it.
    pub(crate) fn find(&self, id: &str, now: Instant) -> Option<(T, Ticket)> {
        let hash = hash(id);
        let mut sessions = self.lock();
        let entry = sessions.get_mut(&hash)?;
        if !entry.holds_at(now) {
            sessions.remove(&hash);
            return None;
        }
        entry.used = now;
        Some((entry.who.clone(), entry.ticket.clone()))
    }

    /// Ends the session of an id, and what it keeps open.
    pub(crate) fn end(&self, id: &str) {
        self.lock().remove(&hash(id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IdHash, Entry<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Entry<T> {
    fn holds_at(&self, now: Instant) -> bool {
        let since = |moment| now.saturating_duration_since(moment);
        since(self.used) < IDLE_MAX && since(self.made) < AGE_MAX
    }
}

/// Ends the least recently used of some sessions until one more fits.
fn make_room<T>(sessions: &mut HashMap<IdHash, Entry<T>>, max: usize, of: impl Fn(&Entry<T>) -> bool) {
    while sessions.values().filter(|entry| of(entry)).count() >= max {
        let oldest = sessions.iter().filter(|(_, entry)| of(entry)).min_by_key(|(_, entry)| entry.used);
        let Some(hash) = oldest.map(|(hash, _)| *hash) else { return };
        sessions.remove(&hash);
    }
}

fn hash(id: &str) -> IdHash {
    Sha256::digest(id).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn an_id_has_256_random_bits_and_is_not_kept() {
        let sessions = Sessions::default();
        let now = clock::monotonic();
        let (one, other) = (sessions.begin("A", 1, now), sessions.begin("A", 2, now));
        assert_eq!(URL_SAFE_NO_PAD.decode(&one).unwrap().len(), 32);
        assert_ne!(one, other);
        assert_eq!(sessions.find(&one, now).map(|(who, _)| who), Some(1));
        assert_eq!(sessions.find(&other, now).map(|(who, _)| who), Some(2));
        for wrong in ["", "x", &one[1..], &one.to_uppercase()] {
            assert!(sessions.find(wrong, now).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_idle_session_ends_and_use_keeps_it() {
        let sessions = Sessions::default();
        let start = clock::monotonic();
        let id = sessions.begin("A", (), start);
        assert!(sessions.find(&id, start + 11 * HOUR).is_some());
        assert!(sessions.find(&id, start + 22 * HOUR).is_some());
        assert!(sessions.find(&id, start + 34 * HOUR).is_none());
        assert!(sessions.find(&id, start).is_none(), "it does not come back");
    }

    #[test]
    fn no_use_keeps_a_session_for_longer_than_a_week() {
        let sessions = Sessions::default();
        let start = clock::monotonic();
        let id = sessions.begin("A", (), start);
        let held = (0..).map(|step| start + step * HOUR).take_while(|now| sessions.find(&id, *now).is_some()).count();
        assert_eq!(held, 7 * 24);
    }

    #[test]
    fn signing_out_ends_what_the_session_keeps_open() {
        let sessions = Sessions::default();
        let now = clock::monotonic();
        let id = sessions.begin("A", (), now);
        let (_, ticket) = sessions.find(&id, now).unwrap();
        assert!(ticket.holds_at(now) && !ticket.holds_at(now + AGE_MAX));
        sessions.end(&id);
        assert!(!ticket.holds_at(now) && sessions.find(&id, now).is_none());
    }

    #[test]
    fn the_number_of_sessions_is_bounded_and_the_unused_ones_go_first() {
        let sessions = Sessions::default();
        let start = clock::monotonic();
        let other = sessions.begin("B", (), start);
        let first = sessions.begin("A", (), start);
        let second = sessions.begin("A", (), start + Duration::from_millis(1));
        let at = |n: usize| start + Duration::from_secs(n as u64);
        sessions.find(&first, at(1)).unwrap();
        for n in 2..=PER_KEY_MAX {
            sessions.begin("A", (), at(n));
        }
        assert!(sessions.find(&second, at(100)).is_none(), "the least recently used");
        assert!(sessions.find(&first, at(100)).is_some() && sessions.find(&other, at(100)).is_some());
        for n in 0..SESSIONS_MAX + 10 {
            sessions.begin(&n.to_string(), (), at(200));
        }
        assert_eq!(sessions.lock().len(), SESSIONS_MAX);
    }
}
