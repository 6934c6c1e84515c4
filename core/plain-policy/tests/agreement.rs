//! Hundreds of thousands of random cases in each run: the engine and the chart agree, and every kind of answer comes up.
//!
//! Each run takes other cases. A case on which they differ is told by its seed: it goes into `SEEDS` and stays there.

use postern_plain_policy::{Case, Verdict};
use postern_policy::PolicyKind;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::thread;

const CASES: u64 = 60_000;
const QUESTIONS: usize = 6;
const WORKERS: u64 = 2;

/// Seeds that once failed, and a few to begin with.
const SEEDS: &[u64] = &[0, 1, 2, 3];

/// Less than this many of the answers of one kind, and the cases no longer reach it.
const LEAST: usize = 500;

#[test]
fn engine_and_chart_agree() {
    for seed in SEEDS {
        counted(*seed, &mut BTreeMap::new());
    }
    let first = RandomState::new().hash_one(0) >> 8;
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let mine = move || {
                let mut spread = BTreeMap::new();
                (worker..CASES).step_by(WORKERS as usize).for_each(|place| counted(first + place, &mut spread));
                spread
            };
            thread::spawn(mine)
        })
        .collect();
    let mut spread: BTreeMap<Verdict, usize> = BTreeMap::new();
    for worker in workers {
        for (verdict, count) in worker.join().expect("every case agrees") {
            *spread.entry(verdict).or_default() += count;
        }
    }
    println!("{spread:#?}");
    let all: usize = spread.values().sum();
    assert!(all >= 300_000, "{all} cases");
    for wanted in verdicts() {
        let count = spread.get(&wanted).copied().unwrap_or_default();
        assert!(count >= LEAST, "{wanted:?} came up {count} times: {spread:#?}");
    }
}

fn counted(seed: u64, spread: &mut BTreeMap<Verdict, usize>) {
    match Case::new(&bytes(seed), QUESTIONS).verdicts() {
        Ok(verdicts) => verdicts.into_iter().for_each(|verdict| *spread.entry(verdict).or_default() += 1),
        Err(flaw) => panic!("seed {seed}: {flaw}"),
    }
}

fn verdicts() -> Vec<Verdict> {
    use PolicyKind::{Boundary, Endpoint, Identity, Resource, ResourceControl, ServiceControl, Session, Trust};
    let kinds = [Identity, Resource, Boundary, Session, ServiceControl, ResourceControl, Endpoint, Trust];
    [Verdict::Allow, Verdict::Deny].into_iter().chain(kinds.map(Verdict::Missing)).collect()
}

/// As many bytes as a case can use, by SplitMix64.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    };
    std::iter::repeat_with(next).take(256).flatten().collect()
}
