//! Links: veth pairs from inside their near namespace, with the far end directly where it belongs.

use crate::apply::{Batch, Phase, Placed, mismatch};
use crate::error::{Failure, Outcome};
use crate::netlink::Request;
use crate::requests;
use crate::state::State;
use crate::sysctl;
use postern_program::{Key, Link, LinkEnd, Namespace, Part, Step};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

const CARRIER_TIMEOUT: Duration = Duration::from_secs(3);
const CARRIER_POLL: Duration = Duration::from_micros(200);

/// A link to make, with the numbers chosen for its ends.
struct New<'a> {
    position: usize,
    link: &'a Link,
    indexes: (u32, u32),
}

impl State {
    /// Adds and replaces links. One that differs only in what can change on a living link keeps its addresses and routes.
    pub fn set_links(&mut self, group: &[Placed<'_>]) -> Phase {
        let mut phase = Phase::default();
        let mut new: BTreeMap<Namespace, Vec<New<'_>>> = BTreeMap::new();
        for (position, step) in group {
            let (key @ Key::Link(near, _), Some(Part::Link(link))) = parts(step) else {
                phase.settle(*position, Err(mismatch(step)));
                break;
            };
            match self.link_in_place(key, link) {
                Some(former) if former == *link => phase.done.push(*position),
                Some(former) if same_ends(&former, link) => {
                    phase.settle(*position, self.change_link(*near, &former, link));
                }
                _ => {
                    self.forget_link(key);
                    let indexes = (self.fresh_index(), self.fresh_index());
                    new.entry(*near).or_default().push(New { position: *position, link, indexes });
                }
            }
        }
        for (near, links) in new {
            self.create_links(near, &links, &mut phase);
        }
        phase
    }

    /// Removes links. Those of a namespace that is gone went with it.
    pub fn remove_links(&mut self, group: &[Placed<'_>]) -> Phase {
        let mut phase = Phase::default();
        let mut batches: BTreeMap<Namespace, Batch> = BTreeMap::new();
        for (position, step) in group {
            let (key @ Key::Link(near, name), _) = parts(step) else {
                phase.settle(*position, Err(mismatch(step)));
                break;
            };
            if self.spaces.contains_key(near) {
                let batch = batches.entry(*near).or_default();
                batch.requests.push(requests::link_delete(name));
                batch.owners.push((*position, 1));
            } else {
                self.forget_link(key);
                phase.done.push(*position);
            }
        }
        for (near, batch) in batches {
            let Ok(space) = self.space_mut(near) else { continue };
            let outcomes = space.route.each(batch.requests);
            for ((position, _), outcome) in batch.owners.into_iter().zip(outcomes) {
                phase.settle(position, outcome);
            }
        }
        for (_, step) in group.iter().filter(|(position, _)| phase.done.contains(position)) {
            self.forget_link(step.key());
        }
        phase
    }

    /// The link under this key, if the kernel has it.
    fn link_in_place(&self, key: &Key, wanted: &Link) -> Option<Link> {
        let (Key::Link(near, name), Some(Part::Link(link))) = (key, self.program.parts.get(key)) else { return None };
        let far = self.links.index(wanted.far_namespace, &link.far.name);
        (self.links.index(*near, name).is_some() && far.is_some()).then(|| link.clone())
    }

    fn create_links(&mut self, near: Namespace, links: &[New<'_>], phase: &mut Phase) {
        let built: Outcome<Vec<Request>> = links.iter().map(|new| self.creation(new)).collect();
        let outcomes = match built.and_then(|batch| Ok(self.space_mut(near)?.route.each(batch))) {
            Ok(outcomes) => outcomes,
            Err(failure) => {
                for new in links {
                    phase.settle(new.position, Err(failure.clone()));
                }
                return;
            }
        };
        for (new, outcome) in links.iter().zip(outcomes) {
            let outcome = match outcome {
                Err(failure) if failure.errno == Some(Errno::EXIST.raw_os_error()) => self.create_again(near, new),
                other => other,
            };
            let settled = outcome.and_then(|()| self.finish_link(near, new));
            phase.settle(new.position, settled);
        }
    }

    fn creation(&self, new: &New<'_>) -> Outcome<Request> {
        let far = self.space(new.link.far_namespace)?.fd.as_raw_fd();
        Ok(requests::link_create(new.link, new.indexes.0, new.indexes.1, far))
    }

    /// A former link, or the rest of one, has a name that is wanted: it goes first.
    fn create_again(&mut self, near: Namespace, new: &New<'_>) -> Outcome<()> {
        let creation = self.creation(new)?;
        let far_delete = requests::link_delete(&new.link.far.name);
        let near_delete = requests::link_delete(&new.link.near.name);
        self.space_mut(new.link.far_namespace)?.route.all(vec![far_delete])?;
        self.space_mut(near)?.route.all(vec![near_delete, creation])
    }

    /// Raises the link, notes it, and sets what no message carries.
    fn finish_link(&mut self, near: Namespace, new: &New<'_>) -> Outcome<()> {
        let Link { near: near_end, far_namespace, far, .. } = new.link;
        self.links.insert(near, &near_end.name, new.indexes.0);
        self.links.insert(*far_namespace, &far.name, new.indexes.1);
        self.space_mut(*far_namespace)?.route.all(vec![requests::link_up(new.indexes.1)])?;
        self.await_carrier(near, new.indexes.0)?;
        for (namespace, end) in [(near, near_end), (*far_namespace, far)] {
            if end.proxy_arp {
                self.space(namespace)?.enter()?;
                sysctl::set_proxy_arp(&end.name, true)?;
            }
        }
        Ok(())
    }

    /// The near end was raised while its far end was down: the kernel learns of the carrier a moment later.
    fn await_carrier(&mut self, namespace: Namespace, index: u32) -> Outcome<()> {
        let space = self.space_mut(namespace)?;
        let deadline = Instant::now() + CARRIER_TIMEOUT;
        while !requests::link_is_operational(&space.route.get(requests::link_get(index))?) {
            if Instant::now() > deadline {
                return Err(Failure::new("RTM_GETLINK", "the link does not become operational"));
            }
            std::thread::sleep(CARRIER_POLL);
        }
        Ok(())
    }

    fn change_link(&mut self, near: Namespace, former: &Link, link: &Link) -> Outcome<()> {
        let ends: [(Namespace, &LinkEnd, &LinkEnd); 2] =
            [(near, &former.near, &link.near), (link.far_namespace, &former.far, &link.far)];
        for (namespace, old, end) in ends {
            let index = self.link_index(namespace, &end.name)?;
            let space = self.space_mut(namespace)?;
            space.route.all(vec![requests::link_change(end, index, link)])?;
            if old.proxy_arp != end.proxy_arp {
                space.enter()?;
                sysctl::set_proxy_arp(&end.name, end.proxy_arp)?;
            }
        }
        Ok(())
    }

    pub fn forget_link(&mut self, key: &Key) {
        let Key::Link(near, name) = key else { return };
        self.links.remove(*near, name);
        if let Some(Part::Link(link)) = self.program.parts.get(key) {
            self.links.remove(link.far_namespace, &link.far.name);
        }
    }
}

fn parts(step: &Step) -> (&Key, Option<&Part>) {
    match step {
        Step::Add(key, part) | Step::Replace(key, part) => (key, Some(part)),
        Step::Remove(key) => (key, None),
    }
}

fn same_ends(a: &Link, b: &Link) -> bool {
    a.near.name == b.near.name && a.far.name == b.far.name && a.far_namespace == b.far_namespace
}
