//! The messages of one queue.

use super::lanes::{Lanes, Ready};
use super::message::{Content, Held, Millis, Place, Standing};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The messages of one queue, by their numbers, which rise with every message.
#[derive(Debug)]
pub struct Messages {
    held: BTreeMap<u64, Held>,
    ready: Ready,
    /// Delayed and in flight, by the time at which they can be received.
    hidden: BTreeSet<(Millis, u64)>,
    /// All, by the time at which they were sent.
    by_age: BTreeSet<(Millis, u64)>,
    in_flight: usize,
    next: u64,
}

/// The approximate numbers of a queue's attributes, which are exact here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub ready: usize,
    pub delayed: usize,
    pub in_flight: usize,
}

/// What one receive takes out.
#[derive(Debug, Default)]
pub struct Taken {
    /// In flight now, in order.
    pub received: Vec<u64>,
    /// Gone from here: received too often already.
    pub dead: Vec<(u64, Held)>,
}

/// What became of a change of a message's visibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Changed,
    /// No such message, or a later receive has it.
    Gone,
    NotInFlight,
    /// Beyond twelve hours since it was first received.
    TooLong,
}

/// The longest that a message can be in flight.
const LONGEST: Millis = 43_200 * 1000;

impl Messages {
    pub fn new(fifo: bool) -> Self {
        let ready = if fifo { Ready::Fifo(Lanes::default()) } else { Ready::Standard(BTreeSet::new()) };
        Self { held: BTreeMap::new(), ready, hidden: BTreeSet::new(), by_age: BTreeSet::new(), in_flight: 0, next: 1 }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.held.len()
    }
    pub fn get(&self, number: u64) -> Option<&Held> {
        self.held.get(&number)
    }
    pub fn counts(&self) -> Counts {
        let ready = match &self.ready {
            Ready::Standard(ready) => ready.len(),
            Ready::Fifo(lanes) => lanes.len(),
        };
        Counts { ready, in_flight: self.in_flight, delayed: self.held.len() - ready - self.in_flight }
    }

    /// How many receives could get something at once.
    pub fn receivable(&self) -> usize {
        match &self.ready {
            Ready::Standard(ready) => ready.len(),
            Ready::Fifo(lanes) => lanes.open(),
        }
    }

    /// When the next hidden message can be received.
    pub fn next_due(&self) -> Option<Millis> {
        self.hidden.first().map(|(due, _)| *due)
    }

    #[cfg(test)]
    pub fn next_number(&self) -> u64 {
        self.next
    }
    /// The next message gets this number at least: numbers are not used again, even after a restart.
    pub fn skip_to(&mut self, number: u64) {
        self.next = self.next.max(number);
    }

    /// Takes a message in as just sent.
    pub fn add(&mut self, content: Arc<Content>, standing: Standing, now: Millis) -> u64 {
        let number = self.next;
        self.restore(number, content, standing, now);
        number
    }

    /// Puts a message back as it was, at the start.
    pub fn restore(&mut self, number: u64, content: Arc<Content>, standing: Standing, now: Millis) {
        self.next = self.next.max(number + 1);
        let place = match standing.receives_here {
            _ if standing.visible <= now => Place::Ready,
            0 => Place::Delayed,
            _ => Place::InFlight,
        };
        self.by_age.insert((standing.sent, number));
        let held = Held { content, standing, place };
        match place {
            Place::Ready => self.show(number, &held),
            Place::Delayed => {
                self.hidden.insert((standing.visible, number));
            }
            Place::InFlight => {
                self.hidden.insert((standing.visible, number));
                self.in_flight += 1;
                if let (Ready::Fifo(lanes), Some(group)) = (&mut self.ready, &held.content.group) {
                    lanes.is_out(group);
                }
            }
        }
        self.held.insert(number, held);
    }

    /// Lets everything whose time has come be received.
    pub fn advance(&mut self, now: Millis) {
        while self.hidden.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, number)) = self.hidden.pop_first() else { return };
            let Some(mut held) = self.held.remove(&number) else { continue };
            if held.place == Place::InFlight {
                self.landed(&held);
            }
            held.place = Place::Ready;
            self.show(number, &held);
            self.held.insert(number, held);
        }
    }

    /// Takes out what is older than `retention`.
    pub fn expire(&mut self, now: Millis, retention: Millis) -> Vec<u64> {
        let mut gone = Vec::new();
        while let Some((sent, number)) = self.by_age.first().copied() {
            if sent + retention > now {
                break;
            }
            self.remove(number);
            gone.push(number);
        }
        gone
    }

    /// Receives up to `most` messages and hides them until `visible`. Those that were received `most_receives` times
    /// already are taken out instead.
    pub fn take(&mut self, now: Millis, most: usize, visible: Millis, most_receives: Option<u32>) -> Taken {
        self.advance(now);
        let mut taken = Taken::default();
        let is_dead = |held: &Held| most_receives.is_some_and(|most| held.standing.receives_here >= most);
        while taken.received.len() < most {
            let chosen = self.chosen(most - taken.received.len(), is_dead);
            if chosen.is_empty() {
                break;
            }
            for number in chosen {
                if self.held.get(&number).is_some_and(is_dead) {
                    taken.dead.extend(self.remove(number).map(|held| (number, held)));
                } else {
                    self.send_out(number, now, visible);
                    taken.received.push(number);
                }
            }
        }
        // With no time to hide, what was taken can be received again.
        self.advance(now);
        taken
    }

    fn send_out(&mut self, number: u64, now: Millis, visible: Millis) {
        let Some(held) = self.held.get_mut(&number) else { return };
        match (&mut self.ready, &held.content.group) {
            (Ready::Standard(ready), _) => {
                ready.remove(&(held.standing.visible, number));
            }
            (Ready::Fifo(lanes), Some(group)) => lanes.sent_out(group, number),
            (Ready::Fifo(_), None) => {}
        }
        held.place = Place::InFlight;
        held.standing.receives += 1;
        held.standing.receives_here += 1;
        held.standing.first_received.get_or_insert(now);
        held.standing.visible = visible;
        self.in_flight += 1;
        self.hidden.insert((visible, number));
    }

    /// Takes a message out, wherever it is.
    pub fn remove(&mut self, number: u64) -> Option<Held> {
        let held = self.held.remove(&number)?;
        self.by_age.remove(&(held.standing.sent, number));
        match held.place {
            Place::Ready => match (&mut self.ready, &held.content.group) {
                (Ready::Standard(ready), _) => {
                    ready.remove(&(held.standing.visible, number));
                }
                (Ready::Fifo(lanes), Some(group)) => lanes.remove(group, number),
                (Ready::Fifo(_), None) => {}
            },
            Place::Delayed => {
                self.hidden.remove(&(held.standing.visible, number));
            }
            Place::InFlight => {
                self.hidden.remove(&(held.standing.visible, number));
                self.landed(&held);
            }
        }
        Some(held)
    }

    /// Changes when a message in flight, as its `receives_here`-th receive gave it, can be received again.
    pub fn change_visibility(&mut self, number: u64, receives_here: u32, now: Millis, visible: Millis) -> Visibility {
        self.advance(now);
        let Some(held) = self.held.get_mut(&number).filter(|held| held.standing.receives_here == receives_here) else {
            return Visibility::Gone;
        };
        if held.place != Place::InFlight {
            return Visibility::NotInFlight;
        }
        if visible - held.standing.first_received.unwrap_or(now) > LONGEST && visible > now {
            return Visibility::TooLong;
        }
        self.hidden.remove(&(held.standing.visible, number));
        held.standing.visible = visible;
        self.hidden.insert((visible, number));
        self.advance(now);
        Visibility::Changed
    }

    /// Gives the messages that are still delayed the delay that the queue has now.
    pub fn delay_anew(&mut self, delay: Millis, now: Millis) -> Vec<u64> {
        let delayed = |(_, number): &(Millis, u64)| self.held.get(number).is_some_and(|h| h.place == Place::Delayed);
        let changed: Vec<(Millis, u64)> = self.hidden.iter().copied().filter(delayed).collect();
        for (due, number) in &changed {
            self.hidden.remove(&(*due, *number));
            if let Some(held) = self.held.get_mut(number) {
                held.standing.visible = held.standing.sent + delay;
                self.hidden.insert((held.standing.visible, *number));
            }
        }
        self.advance(now);
        changed.into_iter().map(|(_, number)| number).collect()
    }

    /// Takes everything out.
    pub fn purge(&mut self) {
        let (fifo, next) = (matches!(self.ready, Ready::Fifo(_)), self.next);
        *self = Self::new(fifo);
        self.next = next;
    }

    /// Takes out up to `most` messages that can be received, in their order: to move them to another queue.
    pub fn pull(&mut self, now: Millis, most: usize) -> Vec<(u64, Held)> {
        self.advance(now);
        let mut pulled = Vec::new();
        while pulled.len() < most {
            let chosen = self.chosen(most - pulled.len(), |_| false);
            if chosen.is_empty() {
                break;
            }
            pulled.extend(chosen.into_iter().filter_map(|number| Some((number, self.remove(number)?))));
        }
        pulled
    }

    /// The next messages to be received, of one group in a FIFO queue: up to `wanted` that live, and the dead among them.
    fn chosen(&self, wanted: usize, is_dead: impl Fn(&Held) -> bool) -> Vec<u64> {
        let mut live = 0;
        let fits = |number: &u64| {
            let fits = live < wanted;
            live += usize::from(!self.held.get(number).is_some_and(&is_dead));
            fits
        };
        match &self.ready {
            Ready::Standard(ready) => ready.iter().map(|(_, number)| *number).take_while(fits).collect(),
            Ready::Fifo(lanes) => {
                lanes.next().map(|(_, numbers)| numbers.take_while(fits).collect()).unwrap_or_default()
            }
        }
    }

    fn show(&mut self, number: u64, held: &Held) {
        match (&mut self.ready, &held.content.group) {
            (Ready::Standard(ready), _) => {
                ready.insert((held.standing.visible, number));
            }
            (Ready::Fifo(lanes), Some(group)) => lanes.put(group, number),
            (Ready::Fifo(_), None) => {}
        }
    }

    /// A message is no longer in flight.
    fn landed(&mut self, held: &Held) {
        self.in_flight -= 1;
        if let (Ready::Fifo(lanes), Some(group)) = (&mut self.ready, &held.content.group) {
            lanes.came_back(group);
        }
    }
}
