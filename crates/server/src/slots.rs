//! Places for connections: a number in all, and a share of them for each address.
//!
//! A connection for which there is no place is still answered, once and shortly: health checks as always, everything
//! else with advice to come back. Of these there is a small number at a time; when one more comes, the oldest is
//! closed, so a flood of connections that say nothing cannot keep a health check out.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;

/// Connections without a place that are open at a time, where there are at least twice as many places.
const EXTRA_MAX: usize = 64;

/// How long one of them may be open.
pub(crate) const EXTRA_TIME: Duration = Duration::from_secs(5);

/// The places of a server.
#[derive(Debug)]
pub(crate) struct Slots {
    max: u32,
    max_per_address: u32,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    count: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    address: IpAddr,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// All are taken.
    All,
    /// Those of the address are taken.
    OfAddress,
}

impl Full {
    /// What the client is told.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::All => "all connections are in use (the option `max_connections`); retry in a moment",
            Self::OfAddress => {
                "your address has as many connections open as it may (the option `max_connections_per_address`); \
                 close some, or retry in a moment"
            }
        }
    }
}

impl Slots {
    /// `max` places, of which one address may take `max_per_address`.
    pub(crate) fn new(max: u32, max_per_address: u32) -> Arc<Self> {
        Arc::new(Self { max, max_per_address, open: Mutex::default() })
    }

    /// A place for a connection from an address.
    pub(crate) fn take(self: &Arc<Self>, from: IpAddr) -> Result<Slot, Full> {
        let address = network(from);
        let mut open = self.lock();
        if open.count >= self.max {
            return Err(Full::All);
        }
        let of_address = open.by_address.entry(address).or_default();
        if *of_address >= self.max_per_address {
            return Err(Full::OfAddress);
        }
        *of_address += 1;
        open.count += 1;
        Ok(Slot { slots: Arc::clone(self), address })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.lock();
        open.count = open.count.checked_sub(1).expect("it was counted when it was taken");
        let of_address = open.by_address.get_mut(&self.address).expect("it was counted when it was taken");
        *of_address = of_address.checked_sub(1).expect("it was counted when it was taken");
        if *of_address == 0 {
            open.by_address.remove(&self.address);
        }
    }
}

/// Whose address it is: of IPv6, one subscriber has 64 bits of addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0 << 64)),
        address => address,
    }
}

/// The connections without a place.
#[derive(Debug)]
pub(crate) struct Extra {
    max: usize,
    /// The oldest first.
    open: VecDeque<AbortHandle>,
}

impl Extra {
    /// For a server with `places`.
    pub(crate) fn new(places: u32) -> Self {
        Self { max: (places as usize / 2).clamp(1, EXTRA_MAX), open: VecDeque::new() }
    }

    /// One more comes.
    pub(crate) fn add(&mut self, connection: AbortHandle) {
        self.open.retain(|connection| !connection.is_finished());
        if self.open.len() >= self.max
            && let Some(oldest) = self.open.pop_front()
        {
            oldest.abort();
        }
        self.open.push_back(connection);
    }

    /// Closes all.
    pub(crate) fn close(&mut self) {
        self.open.drain(..).for_each(|connection| connection.abort());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_a_share_and_gives_it_back() {
        let slots = Slots::new(3, 2);
        let (one, other) = (ip("10.0.0.1"), ip("10.0.0.2"));
        let taken = [slots.take(one), slots.take(one)].map(Result::unwrap);
        assert_eq!(slots.take(one).unwrap_err(), Full::OfAddress);
        let third = slots.take(other).unwrap();
        assert_eq!(slots.take(other).unwrap_err(), Full::All);
        drop(taken);
        assert!(slots.take(one).is_ok());
        drop(third);
        assert!(slots.lock().by_address.is_empty() && slots.lock().count == 0);
    }

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        let slots = Slots::new(9, 1);
        let _held = slots.take(ip("2001:db8::1")).unwrap();
        assert_eq!(slots.take(ip("2001:db8::2")).unwrap_err(), Full::OfAddress);
        let _other = slots.take(ip("2001:db8:0:1::1")).unwrap();
        let _mapped = slots.take(ip("::ffff:10.0.0.1")).unwrap();
        assert_eq!(slots.take(ip("10.0.0.1")).unwrap_err(), Full::OfAddress);
    }

    #[tokio::test]
    async fn the_oldest_connection_without_a_place_makes_room_for_the_newest() {
        let mut extra = Extra::new(1_000);
        let spawn = || tokio::spawn(std::future::pending::<()>());
        let connections: Vec<_> = (0..=EXTRA_MAX).map(|_| spawn()).collect();
        connections.iter().for_each(|connection| extra.add(connection.abort_handle()));
        let mut connections = connections.into_iter();
        assert!(connections.next().unwrap().await.unwrap_err().is_cancelled());
        assert!(connections.all(|connection| !connection.is_finished()));
    }
}
