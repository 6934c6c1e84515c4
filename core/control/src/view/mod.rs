//! Entities as replies show them: one file per entity, members by model name.
