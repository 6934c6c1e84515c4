//! A World being changed by one call: all of it happens or nothing.

use postern_model::{Change, Done, Entity, EntityKey, World};
use std::ops::Deref;

/// Reads as the World with the changes made so far.
pub struct Draft<'w> {
    world: Held<'w>,
    done: Vec<Done>,
    /// A change was asked for where only reading was meant.
    refused: bool,
}

enum Held<'w> {
    ToChange(&'w mut World),
    ToRead(&'w World),
}

impl<'w> Draft<'w> {
    pub fn new(world: &'w mut World) -> Self {
        Self { world: Held::ToChange(world), done: Vec::new(), refused: false }
    }
    /// A draft for a verb that only reads. Should it ask for a change after all, [`Draft::has_refused`] says so, and what it
    /// answered is worth nothing.
    pub fn reading(world: &'w World) -> Self {
        Self { world: Held::ToRead(world), done: Vec::new(), refused: false }
    }
    pub fn has_refused(&self) -> bool {
        self.refused
    }
    /// Adds or replaces an entity.
    pub fn put(&mut self, entity: impl Into<Entity>) {
        self.change(Change::Put(Box::new(entity.into())));
    }
    /// Removes an entity; nothing happens if it is not there.
    pub fn remove(&mut self, key: impl Into<EntityKey>) {
        self.change(Change::Remove(key.into()));
    }
    fn change(&mut self, change: Change) {
        match &mut self.world {
            Held::ToChange(world) => {
                let undo = world.apply(change.clone());
                self.done.push(Done { change, undo });
            }
            Held::ToRead(_) => self.refused = true,
        }
    }
    /// The changes, in order. The World keeps them.
    pub fn commit(self) -> Vec<Change> {
        self.commit_done().into_iter().map(|done| done.change).collect()
    }
    /// The same, each with what was there before it.
    pub fn commit_done(self) -> Vec<Done> {
        self.done
    }
    /// Takes every change back.
    pub fn roll_back(self) {
        let Held::ToChange(world) = self.world else { return };
        for done in self.done.into_iter().rev() {
            world.apply(done.undo);
        }
    }
}

impl Deref for Draft<'_> {
    type Target = World;
    fn deref(&self) -> &World {
        match &self.world {
            Held::ToChange(world) => world,
            Held::ToRead(world) => world,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_names::KeyPairId;

    #[test]
    fn a_draft_to_read_refuses_changes() {
        let world = World::default();
        let mut draft = Draft::reading(&world);
        assert!(!draft.has_refused());
        draft.remove(KeyPairId::from_bits(1));
        assert!(draft.has_refused());
        assert!(draft.commit().is_empty());
    }
}
