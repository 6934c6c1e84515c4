//! The explanation of a refusal is the engine's: in random cases the first stop is its decision, the statement that it names is
//! one that the gates tell, what is told to come after it does come when the earlier ones are out of the way, and the plain
//! evaluator allows the request with the changes that are offered.
//!
//! Each run takes other cases. A case that fails is told by its seed: it goes into `SEEDS` and stays there.

use postern_plain_policy::{Case, Chart, Verdict};
use postern_policy::{Ask, Attached, Decision, PolicyKind, PolicySet, amended, amendments, decide, gates, stops};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

const CASES: u64 = 4_000;
const QUESTIONS: usize = 4;

/// Seeds that once failed, and a few to begin with.
const SEEDS: &[u64] = &[0, 1, 2, 3];

/// How often each thing came up.
#[derive(Debug, Default)]
struct Seen {
    refused: usize,
    several: usize,
    repaired: usize,
}

#[test]
fn the_explanation_names_the_statement_that_the_engine_used() {
    let mut seen = Seen::default();
    let first = RandomState::new().hash_one(0) >> 8;
    for seed in SEEDS.iter().copied().chain((0..CASES).map(|place| first + place)) {
        let case = Case::new(&bytes(seed), QUESTIONS);
        for question in &case.questions {
            let ask = question.ask(&case.own);
            if let Err(flaw) = explained(&ask, &case.policies, &mut seen) {
                panic!("seed {seed}: {flaw}\n{question:#?}\n{:#?}", case.policies);
            }
        }
    }
    println!("{seen:?}");
    assert!(seen.refused > 4_000 && seen.several > 1_000 && seen.repaired > 1_000, "{seen:?}");
}

fn explained(ask: &Ask<'_>, policies: &PolicySet, seen: &mut Seen) -> Result<(), String> {
    let decision = decide(ask, policies);
    let found = stops(ask, policies);
    if matches!(decision, Decision::Allow { .. }) {
        return if found.is_empty() { Ok(()) } else { Err(format!("allowed, and stopped by {found:?}")) };
    }
    seen.refused += 1;
    seen.several += usize::from(found.len() > 1);
    if found.first() != Some(&decision) {
        return Err(format!("decided {decision:?}, explained {found:?}"));
    }
    let plainly = Chart::of(policies).verdict(ask);
    let told = gates(ask, policies);
    let is_told = match &decision {
        Decision::ExplicitDeny { by } => {
            plainly == Verdict::Deny && told.iter().any(|gate| gate.kind == by.kind && gate.denies.contains(by))
        }
        Decision::ImplicitDeny { missing, .. } => {
            let silent = told.iter().any(|gate| gate.kind == *missing && gate.allows.is_none());
            // Without any policy of the kind there is no gate to tell.
            plainly == Verdict::Missing(*missing) && (silent || told.iter().all(|gate| gate.kind != *missing))
        }
        Decision::Allow { .. } => true,
    };
    if !is_told {
        return Err(format!("decided {decision:?}, plainly {plainly:?}, told {told:?}"));
    }
    // Every Deny that meets the request is among the stops, and each once.
    let denies: Vec<_> = told.iter().flat_map(|gate| &gate.denies).collect();
    let stopping: Vec<_> = found
        .iter()
        .filter_map(|stop| if let Decision::ExplicitDeny { by } = stop { Some(by) } else { None })
        .collect();
    if denies.len() != stopping.len() || denies.iter().any(|deny| !stopping.contains(deny)) {
        return Err(format!("the gates deny by {denies:?}, the stops are {stopping:?}"));
    }
    // As the engine is asked again.
    let mut whole = policies.clone();
    if let (None, Some(own)) = (&whole.resource, ask.resource_policy) {
        let kind = if ask.action.starts_with("sts:") { PolicyKind::Trust } else { PolicyKind::Resource };
        whole.resource = Some(Attached::new(kind, ask.resource, Arc::new(own.clone())));
    }
    for changes in amendments(ask, policies) {
        let changed = amended(&whole, &changes);
        let again = Chart::of(&changed).verdict(ask);
        if again != Verdict::Allow {
            return Err(format!("{changes:?} are offered, and then it is {again:?}"));
        }
        seen.repaired += 1;
    }
    Ok(())
}

/// Bytes from a seed (splitmix64).
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)).to_le_bytes()
    });
    words.take(200).flatten().collect()
}
