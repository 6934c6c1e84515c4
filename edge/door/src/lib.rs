//! postern-door
