//! A World being changed by one call: all of it happens or nothing.

use postern_model::{Change, Entity, EntityKey, World};
use std::ops::Deref;

/// Reads as the World with the changes made so far.
pub struct Draft<'w> {
    world: &'w mut World,
    done: Vec<Change>,
    undo: Vec<Change>,
}

impl<'w> Draft<'w> {
    pub fn new(world: &'w mut World) -> Self {
        Self { world, done: Vec::new(), undo: Vec::new() }
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
        self.undo.push(self.world.apply(change.clone()));
        self.done.push(change);
    }
    /// The changes, in order. The World keeps them.
    pub fn commit(self) -> Vec<Change> {
        self.done
    }
    /// Takes every change back.
    pub fn roll_back(self) {
        for change in self.undo.into_iter().rev() {
            self.world.apply(change);
        }
    }
}

impl Deref for Draft<'_> {
    type Target = World;
    fn deref(&self) -> &World {
        self.world
    }
}
