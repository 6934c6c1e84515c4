//! The engine against a simple oracle: a list that is searched from end to end at every step.

use super::messages::Counts;
use super::*;
use proptest::prelude::*;
use std::sync::Arc;

const RETENTION: Millis = 100;

/// A message as the oracle has it.
#[derive(Debug, Clone)]
struct Plain {
    number: u64,
    group: Option<u8>,
    sent: Millis,
    visible: Millis,
    receives: u32,
}

#[derive(Debug, Default)]
struct Oracle {
    fifo: bool,
    all: Vec<Plain>,
}

impl Oracle {
    fn is_out(&self, one: &Plain, now: Millis) -> bool {
        one.receives > 0 && one.visible > now
    }
    fn can_go(&self, one: &Plain, now: Millis) -> bool {
        let group_is_out =
            self.fifo && self.all.iter().any(|other| other.group == one.group && self.is_out(other, now));
        one.visible <= now && !group_is_out
    }
    /// A standard queue gives by the time at which a message could be seen, a FIFO queue by its number, and of one group
    /// as many as it can before it goes on to the next.
    fn order(&self, now: Millis) -> Vec<u64> {
        let mut able: Vec<&Plain> = self.all.iter().filter(|one| self.can_go(one, now)).collect();
        if self.fifo {
            let head = |group| able.iter().filter(|one| one.group == group).map(|one| one.number).min();
            let mut keyed: Vec<_> = able.iter().map(|one| (head(one.group), one.number)).collect();
            keyed.sort_unstable();
            return keyed.into_iter().map(|(_, number)| number).collect();
        }
        able.sort_by_key(|one| (one.visible, one.number));
        able.into_iter().map(|one| one.number).collect()
    }
    fn take(&mut self, now: Millis, most: usize, visible: Millis, limit: u32) -> (Vec<u64>, Vec<u64>) {
        let (mut received, mut dead) = (Vec::new(), Vec::new());
        for number in self.order(now) {
            if received.len() == most {
                break;
            }
            let Some(at) = self.all.iter().position(|one| one.number == number) else { continue };
            if self.all[at].receives >= limit {
                self.all.remove(at);
                dead.push(number);
            } else {
                self.all[at].receives += 1;
                self.all[at].visible = visible;
                received.push(number);
            }
        }
        (received, dead)
    }
    fn counts(&self, now: Millis) -> Counts {
        let ready = self.all.iter().filter(|one| one.visible <= now).count();
        let in_flight = self.all.iter().filter(|one| self.is_out(one, now)).count();
        Counts { ready, in_flight, delayed: self.all.len() - ready - in_flight }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Send { group: u8, delay: Millis },
    Take { most: usize, visibility: Millis },
    Delete { choice: usize },
    Change { choice: usize, visibility: Millis },
    Pull { most: usize },
    Wait { time: Millis },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4u8, 0..3i64).prop_map(|(group, delay)| Step::Send { group, delay: delay * 5 }),
        4 => (1..5usize, 0..20i64).prop_map(|(most, visibility)| Step::Take { most, visibility }),
        3 => any::<usize>().prop_map(|choice| Step::Delete { choice }),
        2 => (any::<usize>(), 0..20i64).prop_map(|(choice, visibility)| Step::Change { choice, visibility }),
        1 => (1..4usize).prop_map(|most| Step::Pull { most }),
        3 => (1..15i64).prop_map(|time| Step::Wait { time }),
        1 => Just(Step::Restart),
    ]
}

fn content(group: Option<u8>) -> Arc<Content> {
    Arc::new(Content {
        id: "id".into(),
        body: "body".into(),
        attributes: Default::default(),
        trace: None,
        sender: "A".into(),
        group: group.map(|g| Group::new(&g.to_string())),
        dedup: None,
        source: None,
    })
}

/// As after a restart: every message put back as the disk has it.
fn restarted(messages: &Messages, fifo: bool, numbers: &[u64], now: Millis) -> Messages {
    let mut fresh = Messages::new(fifo);
    for number in numbers {
        if let Some(held) = messages.get(*number) {
            fresh.restore(*number, Arc::clone(&held.content), held.standing, now);
        }
    }
    fresh.skip_to(messages.next_number());
    fresh
}

fn run(fifo: bool, steps: Vec<Step>) {
    let (mut messages, mut oracle, mut now) = (Messages::new(fifo), Oracle { fifo, ..Oracle::default() }, 1000);
    for step in steps {
        match step {
            Step::Send { group, delay } => {
                let group = fifo.then_some(group);
                // A FIFO queue has one delay for all its messages.
                let visible = if fifo { now } else { now + delay };
                let number = messages.add(content(group), Standing::new(now, visible), now);
                oracle.all.push(Plain { number, group, sent: now, visible, receives: 0 });
            }
            Step::Take { most, visibility } => {
                let taken = messages.take(now, most, now + visibility, Some(3));
                let dead: Vec<u64> = taken.dead.iter().map(|(number, _)| *number).collect();
                assert_eq!((taken.received, dead), oracle.take(now, most, now + visibility, 3));
            }
            Step::Delete { choice } if !oracle.all.is_empty() => {
                let number = oracle.all.remove(choice % oracle.all.len()).number;
                assert!(messages.remove(number).is_some() && messages.remove(number).is_none());
            }
            Step::Change { choice, visibility } if !oracle.all.is_empty() => {
                let at = choice % oracle.all.len();
                let is_out = oracle.is_out(&oracle.all[at], now);
                let one = &mut oracle.all[at];
                let expected = if is_out { Visibility::Changed } else { Visibility::NotInFlight };
                assert_eq!(messages.change_visibility(one.number, one.receives + 1, now, now + 1), Visibility::Gone);
                let changed = messages.change_visibility(one.number, one.receives, now, now + visibility);
                assert_eq!(changed, expected);
                if is_out {
                    one.visible = now + visibility;
                }
            }
            Step::Pull { most } => {
                let mut pulled: Vec<u64> = messages.pull(now, most).into_iter().map(|(number, _)| number).collect();
                let mut expected: Vec<u64> = oracle.order(now).into_iter().take(most).collect();
                oracle.all.retain(|one| !pulled.contains(&one.number));
                pulled.sort_unstable();
                expected.sort_unstable();
                assert_eq!(pulled, expected);
            }
            Step::Wait { time } => {
                now += time;
                let mut gone = messages.expire(now, RETENTION);
                gone.sort_unstable();
                let (old, kept) = oracle.all.iter().cloned().partition(|one: &Plain| one.sent + RETENTION <= now);
                oracle.all = kept;
                assert_eq!(gone, old.into_iter().map(|one: Plain| one.number).collect::<Vec<_>>());
            }
            Step::Restart => {
                let numbers: Vec<u64> = oracle.all.iter().map(|one| one.number).collect();
                messages = restarted(&messages, fifo, &numbers, now);
            }
            Step::Delete { .. } | Step::Change { .. } => {}
        }
        messages.advance(now);
        assert_eq!(messages.counts(), oracle.counts(now));
        assert_eq!(messages.len(), oracle.all.len());
    }
}

proptest! {
    #[test]
    fn a_standard_queue_is_as_the_oracle_says(steps in prop::collection::vec(step(), 1..80)) {
        run(false, steps);
    }
    #[test]
    fn a_fifo_queue_is_as_the_oracle_says(steps in prop::collection::vec(step(), 1..80)) {
        run(true, steps);
    }
}

#[test]
fn a_message_stays_hidden_for_twelve_hours_at_most() {
    let mut messages = Messages::new(false);
    let number = messages.add(content(None), Standing::new(0, 0), 0);
    messages.take(0, 1, 10_000, None);
    assert_eq!(messages.change_visibility(number, 1, 5_000, 43_200_001), Visibility::TooLong);
    assert_eq!(messages.change_visibility(number, 1, 5_000, 43_200_000), Visibility::Changed);
    assert_eq!(messages.next_due(), Some(43_200_000));
}

#[test]
fn what_was_accepted_is_remembered_for_five_minutes() {
    let mut dedup = Dedup::default();
    dedup.remember("a".into(), Seen { id: "1".into(), number: 1, until: 300 });
    assert_eq!(dedup.find("a", 299).map(|seen| seen.number), Some(1));
    assert_eq!(dedup.find("a", 300), None);
    assert_eq!(dedup.forget(300), ["a"]);
    assert_eq!(dedup.forget(300), [""; 0]);
}
