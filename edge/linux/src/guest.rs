//! Guests' namespaces: made by their sandboxes, lent to the host.

use crate::apply::Guests;
use crate::error::{Failure, HostError, Outcome};
use crate::namespace::Space;
use crate::requests;
use crate::state::State;
use postern_program::{Key, Namespace, Part, Step};
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

    /// Makes the links again that a guest has cut off inside its namespace, with what the program has on them.
    pub fn mend_cut_links(&mut self) -> Result<(), HostError> {
        let to_guests = |(_, part): &(&Key, &Part)| matches!(part, Part::Link(link) if matches!(link.far_namespace, Namespace::Instance(_)));
        let links: Vec<(Key, Part)> =
            self.program.parts.iter().filter(to_guests).map(|(key, part)| (key.clone(), part.clone())).collect();
        let mut steps = Vec::new();
        for (key, part) in links {
            let (Key::Link(near, name), Part::Link(link)) = (&key, &part) else { continue };
            if !self.is_cut(*near, name) {
                continue;
            }
            let mut over = self.parts_over(*near, name);
            over.extend(self.parts_over(link.far_namespace, &link.far.name));
            self.forget_link(&key);
            tracing::warn!(link = %name, guest = %link.far_namespace, "a guest has cut its link; it is made again");
            steps.push(Step::Add(key, part));
            steps.extend(over.into_iter().map(|(key, part)| Step::Add(key, part)));
        }
        steps.sort_by(|a, b| a.key().cmp(b.key()));
        self.run(&steps, Guests::WereMended).map(|_| ())
    }

    fn is_cut(&mut self, near: Namespace, name: &str) -> bool {
        let Some(index) = self.links.index(near, name) else { return true };
        match self.space_mut(near) {
            Ok(space) => space.route.get(requests::link_get(index)).is_err(),
            Err(_) => false,
        }
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
