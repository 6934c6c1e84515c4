//! Sending, receiving, deleting: the messages' way through a queue.

use crate::handle::{self, Handle};
use crate::keep;
use crate::outgoing::Outgoing;
use crate::queue::{Content, Held, Millis, Place, Seen, Standing, Visibility};
use crate::queues::{Queue, Queues, State, durable};
use crate::refuse;
use postern_call::Refusal;
use postern_store::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A message that was accepted: now, or within the last five minutes under the same deduplication id.
#[derive(Debug, Clone)]
pub struct Sent {
    pub id: String,
    pub number: u64,
}

/// A message as a receive gives it.
#[derive(Debug, Clone)]
pub struct Received {
    pub number: u64,
    pub content: Arc<Content>,
    pub standing: Standing,
}

/// What a receiver wants.
#[derive(Debug, Clone)]
pub struct Wish {
    pub most: usize,
    /// Seconds; `None`: the queue's.
    pub visibility: Option<i64>,
    /// Seconds; `None`: the queue's.
    pub wait: Option<i64>,
    pub attempt: Option<String>,
}

/// How long a deduplication id and an attempt id are remembered.
const REMEMBERED: Millis = 5 * 60 * 1000;
/// So many messages of one queue can be in flight.
const IN_FLIGHT_MAX: usize = 120_000;

impl Queues {
    /// Sends messages in order. All are durable when it returns.
    pub async fn send(&self, queue: &Arc<Queue>, all: Vec<Outgoing>, now: Millis) -> Result<Vec<Sent>, Refusal> {
        let mut sent = Vec::with_capacity(all.len());
        let pending = {
            let mut state = queue.open()?;
            let mut writes = state.pass(queue.number, now);
            for one in all {
                sent.push(accept(queue, &mut state, one, now, &mut writes)?);
            }
            let pending = self.submit(writes);
            queue.wake(&state);
            queue.set_alarm(&mut state, now);
            pending
        };
        durable(pending).await?;
        Ok(sent)
    }

    /// Receives messages, waiting for the first one as long as the wish says. `now` is the time of the call.
    pub async fn receive(&self, queue: &Arc<Queue>, wish: &Wish, now: Millis) -> Result<Vec<Received>, Refusal> {
        let begun = Instant::now();
        let wait = wish.wait.unwrap_or_else(|| queue.lock().row.settings.wait);
        let deadline = begun + Duration::from_secs(wait.clamp(0, 20) as u64);
        loop {
            // Listening begins before looking, so that nothing can come between.
            let mut arrival = std::pin::pin!(queue.arrivals.notified());
            arrival.as_mut().enable();
            let now = now + begun.elapsed().as_millis() as Millis;
            let is_last = Instant::now() >= deadline;
            let (received, _waiting) = self.look(queue, wish, now, !is_last).await?;
            if !received.is_empty() || is_last {
                return Ok(received);
            }
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }

    /// One look at the queue. Who finds nothing and `will_wait` is counted as waiting.
    async fn look<'q>(
        &self,
        queue: &'q Arc<Queue>,
        wish: &Wish,
        now: Millis,
        will_wait: bool,
    ) -> Result<(Vec<Received>, Option<Waiting<'q>>), Refusal> {
        let redrive = queue.open()?.row.settings.redrive.clone();
        let dead_letters = redrive.and_then(|redrive| {
            let target = self.find(&crate::name::Name::from_arn(&redrive.target)?)?;
            Some((redrive.most_receives, target))
        });
        let most_receives = dead_letters.as_ref().map(|(most, _)| *most);
        let (received, dead, waits, pending) = {
            let mut state = queue.open()?;
            let mut writes = state.pass(queue.number, now);
            let visible = now + wish.visibility.unwrap_or(state.row.settings.visibility) * 1000;
            let (numbers, dead) = match again(&mut state, wish, now, visible) {
                Some(numbers) => (numbers, Vec::new()),
                None => {
                    let in_flight = state.messages.counts().in_flight;
                    if in_flight >= IN_FLIGHT_MAX {
                        return over_limit(&state).map(|()| (Vec::new(), None));
                    }
                    let most = wish.most.min(IN_FLIGHT_MAX - in_flight);
                    let taken = state.messages.take(now, most, visible, most_receives);
                    (taken.received, taken.dead)
                }
            };
            let mut received = Vec::with_capacity(numbers.len());
            for number in numbers {
                let Some(Held { content, standing, .. }) = state.messages.get(number) else { continue };
                writes.push(keep::standing(queue.number, number, standing)?);
                received.push(Received { number, content: Arc::clone(content), standing: *standing });
            }
            if let Some(attempt) = wish.attempt.clone().filter(|_| state.row.settings.fifo && !received.is_empty()) {
                let given = received.iter().map(|one| (one.number, one.standing.receives_here)).collect();
                state.attempts.insert(attempt, (given, now + REMEMBERED));
            }
            let pending = self.submit(writes);
            // Dead letters may have stood before a message that another receiver waits for.
            queue.wake(&state);
            let waits = received.is_empty() && will_wait;
            state.waiting += usize::from(waits);
            queue.set_alarm(&mut state, now);
            (received, dead, waits, pending)
        };
        let waiting = waits.then(|| Waiting(queue));
        if let Some((_, target)) = dead_letters.filter(|_| !dead.is_empty()) {
            self.bury(queue, &target, dead, now).await?;
        }
        durable(pending).await?;
        Ok((received, waiting))
    }

    /// Moves messages that were taken out of `source` to its dead-letter queue, as one step on the disk.
    async fn bury(&self, source: &Queue, target: &Queue, dead: Vec<(u64, Held)>, now: Millis) -> Result<(), Refusal> {
        let pending = {
            let mut state = target.lock();
            let mut writes = state.pass(target.number, now);
            for (number, held) in dead {
                writes.extend(keep::gone(source.number, number));
                let mut content = Content::clone(&held.content);
                content.source = Some(source.arn.clone());
                // The age counts on, but in a FIFO queue.
                let sent = if target.name.is_fifo() { now } else { held.standing.sent };
                let standing = Standing { sent, visible: now, receives_here: 0, ..held.standing };
                put_in(target, &mut state, content, standing, now, &mut writes)?;
            }
            let pending = self.submit(writes);
            target.wake(&state);
            pending
        };
        durable(pending).await
    }

    /// Deletes by receipt handle. A message that is gone already, or has been received again since, is no error.
    pub async fn delete_messages(
        &self,
        queue: &Queue,
        handles: &[&str],
        now: Millis,
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        let (results, pending) = {
            let mut state = queue.open()?;
            let mut writes = state.pass(queue.number, now);
            let mut delete = |text: &str| {
                let Handle { number, receive } = handle::read(queue.number, text)?;
                let Some(held) = state.messages.get(number).filter(|held| held.standing.receives_here == receive)
                else {
                    return Ok(());
                };
                if state.row.settings.fifo && held.place != Place::InFlight {
                    return Err(refuse::value(text, "ReceiptHandle", "The receipt handle has expired."));
                }
                state.messages.remove(number);
                writes.extend(keep::gone(queue.number, number));
                Ok(())
            };
            let results = handles.iter().map(|text| delete(text)).collect();
            let pending = self.submit(writes);
            // In a FIFO queue the rest of the group can go now.
            queue.wake(&state);
            (results, pending)
        };
        durable(pending).await?;
        Ok(results)
    }

    /// Changes how long messages in flight stay hidden; handles with seconds from now.
    pub async fn change_visibility(
        &self,
        queue: &Arc<Queue>,
        changes: &[(&str, i64)],
        now: Millis,
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        let (results, pending) = {
            let mut state = queue.open()?;
            let mut writes = state.pass(queue.number, now);
            let mut results = Vec::with_capacity(changes.len());
            for (text, seconds) in changes {
                results.push(change_one(queue, &mut state, text, *seconds, now, &mut writes));
            }
            let pending = self.submit(writes);
            queue.wake(&state);
            queue.set_alarm(&mut state, now);
            (results, pending)
        };
        durable(pending).await?;
        Ok(results)
    }
}

impl Queue {
    /// Has those who wait woken when the next hidden message is due. Only while somebody waits.
    pub fn set_alarm(self: &Arc<Self>, state: &mut State, now: Millis) {
        let Some(due) = state.messages.next_due().filter(|_| state.waiting > 0) else { return };
        if state.alarm.is_some_and(|alarm| alarm <= due) {
            return;
        }
        state.alarm = Some(due);
        let (queue, rings) = (Arc::clone(self), Instant::now() + Duration::from_millis((due - now).max(0) as u64));
        tokio::spawn(async move {
            tokio::time::sleep_until(rings).await;
            let mut state = queue.lock();
            if state.alarm == Some(due) {
                state.alarm = None;
            }
            state.messages.advance(due);
            queue.wake(&state);
            queue.set_alarm(&mut state, due);
        });
    }
}

/// Takes one waiting receiver off the count, however the wait ends.
struct Waiting<'a>(&'a Queue);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

fn accept(
    queue: &Queue,
    state: &mut State,
    one: Outgoing,
    now: Millis,
    writes: &mut Vec<Write>,
) -> Result<Sent, Refusal> {
    if let Some(seen) = one.dedup_key.as_ref().and_then(|key| state.dedup.find(key, now)) {
        return Ok(Sent { id: seen.id.clone(), number: seen.number });
    }
    let delay = one.delay.unwrap_or(state.row.settings.delay) * 1000;
    let id = one.content.id.clone();
    let number = put_in(queue, state, one.content, Standing::new(now, now + delay), now, writes)?;
    if let Some(key) = one.dedup_key {
        let seen = Seen { id: id.clone(), number, until: now + REMEMBERED };
        writes.push(keep::seen(queue.number, &key, &seen)?);
        state.dedup.remember(key, seen);
    }
    Ok(Sent { id, number })
}

/// Puts a message into a queue and on the list for the disk.
pub fn put_in(
    queue: &Queue,
    state: &mut State,
    content: Content,
    standing: Standing,
    now: Millis,
    writes: &mut Vec<Write>,
) -> Result<u64, Refusal> {
    let number = state.messages.add(Arc::new(content), standing, now);
    if let Some(held) = state.messages.get(number) {
        writes.push(keep::message(queue.number, number, held)?);
    }
    Ok(number)
}

/// The messages of the same attempt before, if all of them are still in flight by it; they are hidden anew.
fn again(state: &mut State, wish: &Wish, now: Millis, visible: Millis) -> Option<Vec<u64>> {
    let (given, _) = state.attempts.get(wish.attempt.as_ref()?)?.clone();
    if !given.iter().all(|(number, receive)| state.in_flight(*number, *receive)) {
        return None;
    }
    for (number, receive) in &given {
        state.messages.change_visibility(*number, *receive, now, visible);
    }
    Some(given.into_iter().map(|(number, _)| number).collect())
}

/// A FIFO queue gives nothing then; a standard queue says it.
fn over_limit(state: &State) -> Result<(), Refusal> {
    if state.row.settings.fifo {
        return Ok(());
    }
    let message = format!("Too many messages in flight: a queue can have {IN_FLIGHT_MAX}.");
    Err(Refusal::new("OverLimit", message).status(403))
}

fn change_one(
    queue: &Queue,
    state: &mut State,
    text: &str,
    seconds: i64,
    now: Millis,
    writes: &mut Vec<Write>,
) -> Result<(), Refusal> {
    if !(0..=43_200).contains(&seconds) {
        let reason = "VisibilityTimeout must be >= 0 and <= 43200.";
        return Err(refuse::value(&seconds.to_string(), "VisibilityTimeout", reason));
    }
    let Handle { number, receive } = handle::read(queue.number, text)?;
    match state.messages.change_visibility(number, receive, now, now + seconds * 1000) {
        Visibility::Changed => {}
        Visibility::Gone => {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            return Err(refuse::value(text, "ReceiptHandle", reason));
        }
        Visibility::NotInFlight if state.row.settings.fifo => {
            return Err(refuse::value(text, "ReceiptHandle", "The receipt handle has expired."));
        }
        Visibility::NotInFlight => {
            return Err(Refusal::new("MessageNotInflight", "The specified message isn't in flight."));
        }
        Visibility::TooLong => {
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].";
            return Err(refuse::value(&seconds.to_string(), "VisibilityTimeout", reason));
        }
    }
    if let Some(held) = state.messages.get(number) {
        writes.push(keep::standing(queue.number, number, &held.standing)?);
    }
    Ok(())
}
