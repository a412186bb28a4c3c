//! A history that meets one fault of its disk, the restart after it, what must hold then (see `world.rs`); and the
//! store goes on working, through another power cut.

use runlog_store::Options;
use runlog_store::disk::sim::{Fault, SimDisk};

use super::Step;
use super::world::{Doubt, World};

/// What strikes, and when.
#[derive(Clone, Copy, Debug)]
pub struct Accident {
    pub operation: u64,
    pub fault: Fault,
    /// Whether the power goes at the restart; otherwise only the process ends.
    pub power_goes: bool,
}

/// Runs a history on a disk that has the accident, and checks what must hold. Gives the number of operations and of
/// faults that struck.
pub fn survive(seed: u64, steps: &[Step], accident: Option<Accident>, options: &Options) -> (u64, u64) {
    let disk = SimDisk::new(seed);
    if let Some(accident) = accident {
        disk.fail_at(accident.operation, accident.fault);
    }
    let mut world = World::new(disk, options);
    let mut rest = steps.iter();
    let mut doubt = world.open().err().map(|_| Doubt::new());
    while doubt.is_none() {
        let Some(step) = rest.next() else { break };
        doubt = world.step(step).err();
    }
    let (operations, faults) = (world.disk.operations(), world.disk.faults());
    if let Some(doubt) = doubt {
        world.check_reads_go_on();
        world.end(accident.is_none_or(|accident| accident.power_goes));
        // While there is no space, a store cannot be opened.
        while world.disk.is_full() && world.open().is_err() {
            world.end(false);
        }
        if world.store.is_none() {
            world.open().unwrap();
        }
        world.settle(&doubt);
        for step in rest.take(12) {
            world.step(step).unwrap_or_else(|_| panic!("the second life fails at {step:?}"));
        }
    }
    world.check();
    world.restart(true);
    world.settle(&[]);
    (operations, faults)
}
