//! Guests' namespaces: made by their sandboxes, lent to the host.

use crate::error::{Failure, Outcome};
use crate::namespace::Space;
use crate::requests;
use crate::state::State;
use postern_program::{Key, Namespace, Part};
use std::os::fd::OwnedFd;

impl State {
    /// Takes a guest's namespace; an earlier one under the name is forgotten.
    pub fn adopt(&mut self, namespace: Namespace, fd: OwnedFd) -> Outcome<()> {
        if self.spaces.contains_key(&namespace) {
            self.forget(namespace)?;
        }
        let space = Space::adopt(fd);
        self.go_home()?;
        self.spaces.insert(namespace, space?);
        Ok(())
    }

    /// Lets go of a guest's namespace: its links go at once, and everything in it or over them is out of the program.
    pub fn forget(&mut self, namespace: Namespace) -> Outcome<()> {
        let leads_here = |part: &Part| matches!(part, Part::Link(link) if link.far_namespace == namespace);
        let links: Vec<Key> =
            self.program.parts.iter().filter(|(_, part)| leads_here(part)).map(|(key, _)| key.clone()).collect();
        let mut outcome = Ok(());
        for key in links {
            let Key::Link(near, name) = &key else { continue };
            if let Some(space) = self.spaces.get_mut(near) {
                let deleted = space.route.all(vec![requests::link_delete(name)]);
                outcome = outcome.and(deleted);
            }
            for (lost, _) in self.parts_over(*near, name) {
                self.program.parts.remove(&lost);
            }
            self.links.remove(*near, name);
            self.program.parts.remove(&key);
        }
        self.program.parts.retain(|key, _| key.namespace() != namespace);
        self.drop_space(namespace);
        outcome.map_err(|failure: Failure| failure.at(namespace))
    }
}
